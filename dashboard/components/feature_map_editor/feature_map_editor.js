// A square map of digits: typed into, shifted as a whole, or replaced by one of several patterns.
export default function ({ data, parentElement, setStateValue }) {
  const { side, most } = data;
  const map = parentElement.querySelector(".map"), patterns = parentElement.querySelector(".patterns");
  const digits = (word) => [...word].map(Number);
  let cells = digits(data.cells);

  map.setAttribute("aria-label", data.label);
  map.style.gridTemplateColumns = `repeat(${side}, 1fr)`;
  while (map.children.length < side * side) {
    const input = document.createElement("input"), index = map.children.length;
    Object.assign(input, { type: "number", min: 0, max: most, step: 1 });
    input.setAttribute("aria-label", `Row ${Math.floor(index / side) + 1}, column ${index % side + 1}`);
    map.append(input);
  }

  // Whether black is easier to read than white on a color, by the contrast of WCAG 2.
  const isBright = (color) => {
    const unit = color.startsWith("color(") ? 1 : 255;
    const [red, green, blue] = color.match(/[0-9.]+(?![a-z])/g).slice(0, 3).map((part) => (part / unit) ** 2.2);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18;
  };
  const draw = () => cells.forEach((value, index) => {
    const input = map.children[index], percent = Math.round(100 * value / most);
    if (input.value !== String(value)) input.value = value;
    input.style.background =
      `color-mix(in srgb, var(--st-primary-color) ${percent}%, var(--st-background-color))`;
    input.style.color = isBright(getComputedStyle(input).backgroundColor) ? "#000" : "#fff";
  });
  const change = (next) => { cells = next; draw(); setStateValue("cells", cells.join("")); };

  [...map.children].forEach((input, index) => {
    input.onfocus = () => input.select();
    input.onchange = () => {
      const typed = Math.min(most, Math.max(0, Math.round(Number(input.value) || 0)));
      change(cells.map((value, place) => place === index ? typed : value));
    };
  });
  parentElement.querySelectorAll(".arrows button").forEach((button) => {
    const [down, right] = button.dataset.step.split(",").map(Number);
    button.onclick = () => change(cells.map((_, index) => {
      const row = (Math.floor(index / side) - down + side) % side, column = (index % side - right + side) % side;
      return cells[row * side + column];
    }));
  });
  data.patterns.forEach(([name, word], index) => {
    if (!patterns.children[index]) patterns.append(document.createElement("button"));
    patterns.children[index].textContent = name;
    patterns.children[index].onclick = () => change(digits(word));
  });
  draw();
}
