"""What several pages share: controls, charts, links, messages, glossary, cached plans, work in the background."""
