"""What several pages share: controls, charts, links, messages, glossary, cached plans, work in the background.

What one page alone needs is in that page's folder. Others use `page`, `controls` and `charts`.
"""
