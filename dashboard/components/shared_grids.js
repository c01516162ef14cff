// Square grids of numbers that several components show: it stands before their own code, after `shared_maps.js`.

// A number with at most three decimals and a real minus sign.
const short = (value) => String(Math.round(1000 * value) / 1000 || 0).replace("-", "−");

// Numbers as people write their sum: 2 − 0.5 + 1.
const asSum = (values) => values.map((value, index) => index ? `${value < 0 ? "−" : "+"} ${short(Math.abs(value))}` : short(value)).join(" ");

const cellName = (index, side) => `row ${Math.floor(index / side) + 1}, column ${index % side + 1}`;

// Whether black is easier to read than white on a color, by the contrast of WCAG 2.
function isBright(color) {
  const unit = color.startsWith("color(") ? 1 : 255;
  const [red, green, blue] = color.match(/[0-9.]+(?![a-z])/g).slice(0, 3).map((part) => (part / unit) ** 2.2);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18;
}

// Fill cells by fractions: in the theme's color, or with `signed` red above zero and blue below, as evidence is.
function fill(cells, fractions, signed = false) {
  cells.forEach((cell, index) => {
    const fraction = fractions[index], color = !signed ? "var(--st-primary-color)" : fraction > 0 ? "rgb(180 4 38)" : "rgb(59 76 192)";
    cell.style.background = `color-mix(in srgb, ${color} ${Math.round(100 * Math.abs(fraction))}%, var(--st-background-color))`;
  });
  // Read all colors before any is written, or the browser would compute styles once per cell.
  const bright = cells.map((cell) => isBright(getComputedStyle(cell).backgroundColor));
  cells.forEach((cell, index) => { cell.style.color = bright[index] ? "#000" : "#fff"; });
}

// Number fields from `least` to `most` in a square, made once; `change` gets an index and its new value.
function numberFields(box, side, name, { least, most, step }, change) {
  box.style.gridTemplateColumns = `repeat(${side}, 1fr)`;
  while (box.children.length < side * side) {
    const input = make("input", "cell");
    Object.assign(input, { type: "number", min: least, max: most, step });
    box.append(input);
  }
  box.setAttribute("aria-label", name);
  [...box.children].forEach((input, index) => {
    input.setAttribute("aria-label", `${name}, ${cellName(index, side)}`);
    input.onfocus = () => input.select();
    input.onchange = () => {
      const steps = Math.round((Number(input.value) || 0) / step);
      change(index, clamp(Math.round(steps * step * 1000) / 1000, least, most));
    };
  });
}

// Show values in number fields, without moving the cursor of the one that is typed into.
function showValues(box, values, most, signed = false) {
  values.forEach((value, index) => {
    if (box.children[index].value !== String(value)) box.children[index].value = value;
  });
  fill([...box.children], values.map((value) => value / most), signed);
}

// A group of buttons of which one is pressed; made once.
function choices(box, options, chosen, choose) {
  options.forEach(([value, label], index) => {
    const button = box.children[index] ?? box.appendChild(make("button", "choice"));
    button.textContent = label;
    button.setAttribute("aria-pressed", String(value) === String(chosen));
    button.onclick = () => choose(value);
  });
}
