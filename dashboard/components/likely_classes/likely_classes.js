// Classes as rows with bars: name, probability as a bar, and as text. A click chooses a class to explain.
const SVG = "http://www.w3.org/2000/svg";

export default function ({ data, parentElement, setTriggerValue }) {
  const rows = parentElement.querySelector(".rows");
  rows.setAttribute("aria-label", data.label);
  const text = (kind, words) => {
    const span = document.createElement("span");
    span.className = kind;
    span.textContent = words;
    return span;
  };
  const bar = (probability) => {
    const svg = document.createElementNS(SVG, "svg"), rect = document.createElementNS(SVG, "rect");
    rect.setAttribute("width", `${100 * probability}%`);
    rect.setAttribute("height", "100%");
    svg.setAttribute("aria-hidden", "true");
    svg.append(rect);
    return svg;
  };
  rows.replaceChildren(...data.classes.map(({ number, name, probability, value }) => {
    const button = document.createElement("button");
    button.title = name;
    button.setAttribute("aria-label", `${data.verb} ${name}, ${value}`);
    button.setAttribute("aria-pressed", String(number === data.explained));
    button.append(text("name", name), bar(probability), text("value", value));
    button.onclick = () => setTriggerValue("chosen", number);
    return button;
  }));
}
