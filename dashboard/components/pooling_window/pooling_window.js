// A window that slides over a map: what it makes of the map, and where the gradient of its outputs goes.
// Everything is computed here; the server only keeps what was chosen in the address.
const ONE = "one", ALL = "all";

export default function ({ data, parentElement, setStateValue }) {
  const { side, most, windows, strides, heads, values } = JSON.parse(data.content);
  const find = (selector) => parentElement.querySelector(selector);
  // What the visitor has chosen outlives the server's answer to an earlier choice.
  const state = (parentElement.state ??= {
    cells: [...values.home_pool_map].map(Number),
    mode: values.home_pool,
    window: Number(values.home_window),
    stride: Number(values.home_stride),
    at: 0,
    of: ONE,
  });

  function choose(changed) {
    Object.assign(state, changed);
    draw();
    setStateValue("chosen", {
      home_pool_map: state.cells.join(""), home_pool: state.mode, home_window: String(state.window), home_stride: String(state.stride),
    });
  }
  // Sliding and pointing are not in the address.
  function look(changed) {
    Object.assign(state, changed);
    draw();
  }

  const grid = (name) => find(`.${name} .grid`), caption = (name) => find(`.${name} figcaption`);
  numberFields(grid("map"), side, "Map", { least: 0, most, step: 1 }, (index, value) => choose({ cells: state.cells.with(index, value) }));
  find(".slide input").oninput = ({ target }) => look({ at: Number(target.value) });

  function drawOutput(outputs, across) {
    const box = grid("output");
    while (box.children.length > outputs.length) box.lastChild.remove();
    while (box.children.length < outputs.length) box.append(make("button", "cell"));
    box.style.gridTemplateColumns = `repeat(${across}, 1fr)`;
    box.style.maxWidth = `${42 * across}px`;
    outputs.forEach(({ value }, index) => {
      const cell = box.children[index];
      cell.textContent = short(Math.round(100 * value) / 100);
      cell.classList.toggle("on", index === state.at);
      cell.tabIndex = index === state.at ? 0 : -1;
      cell.setAttribute("aria-label", `Output, ${cellName(index, across)}: ${short(value)}`);
      cell.setAttribute("aria-pressed", index === state.at);
      cell.dataset.value = value;
      cell.onpointerenter = cell.onfocus = cell.onclick = () => state.at === index || look({ at: index });
    });
    fill([...box.children], outputs.map(({ value }) => value / most));
    box.onkeydown = (event) => {
      const to = arrowed(event, [Math.floor(state.at / across), state.at % across], across, across);
      if (!to) return;
      look({ at: to[0] * across + to[1] });
      box.children[state.at].focus();
    };
  }

  function drawGradient(gradient) {
    const box = grid("gradient"), strongest = Math.max(...gradient) || 1;
    while (box.children.length < gradient.length) box.append(make("span", "cell"));
    box.style.gridTemplateColumns = `repeat(${side}, 1fr)`;
    gradient.forEach((value, index) => {
      const cell = box.children[index];
      cell.textContent = value ? short(Math.round(100 * value) / 100) : "";
      cell.dataset.value = value;
    });
    fill([...box.children], gradient.map((value) => value / strongest));
  }

  function answer(outputs, here, gradient) {
    const { values, value, shares } = here, isMaximum = state.mode === "max", count = values.length;
    const name = isMaximum ? "maximum" : "mean", numbers = count > 9 ? `all ${count} numbers` : values.join(", ");
    const read = `The ${name} of ${numbers} is ${short(value)}.`;
    const head = state.window === side ? ` A window as large as the map: this is ${heads[state.mode]}.` : "";
    if (state.of === ALL) {
      const reached = gradient.filter(Boolean).length;
      return `${read}${head} The gradient of the sum of all outputs reaches ${reached} of ${side * side} cells.`;
    }
    const goes = isMaximum
      ? `All of its gradient goes to the maximum, ${cellName(here.places[shares.indexOf(1)], side)}.`
      : `Its gradient goes evenly to all ${count} cells, 1/${count} to each.`;
    return `${read}${head} ${goes}`;
  }

  function draw() {
    const { mode, window, stride } = state, outputs = pooled(state.cells, side, mode, window, stride);
    const across = outputSide(side, window, stride);
    state.at = Math.min(state.at, outputs.length - 1);
    const here = outputs[state.at], gradient = gradientOf(state.of === ALL ? outputs : [here], side * side);
    showValues(grid("map"), state.cells, most);
    const percent = (cells) => `${100 * cells / side}%`, [first] = here.places;
    Object.assign(find(".window").style, {
      left: percent(first % side), top: percent(Math.floor(first / side)), width: percent(window), height: percent(window),
    });
    drawOutput(outputs, across);
    drawGradient(gradient);
    caption("map").textContent = `Map, ${side} × ${side}, with the window`;
    caption("output").textContent = `Output, ${across} × ${across}`;
    caption("gradient").textContent = state.of === ALL ? "Gradient of the sum of all outputs" : "Gradient of the marked output";
    grid("output").setAttribute("aria-label", "Output: move the window with the arrow keys");
    grid("gradient").setAttribute("aria-label", `${caption("gradient").textContent}: ${gradient.flatMap((value, index) =>
      value ? [`${cellName(index, side)} ${short(value)}`] : []).join("; ")}`);
    find(".answer").textContent = answer(outputs, here, gradient);
    const slider = find(".slide input");
    Object.assign(slider, { max: outputs.length - 1, disabled: outputs.length === 1 });
    slider.value = state.at;
    slider.setAttribute("aria-valuetext", cellName(state.at, across));
    find(".slide output").textContent = cellName(state.at, across);
    choices(find(".mode"), [["max", "Max"], ["average", "Average"]], mode, (chosen) => choose({ mode: chosen }));
    choices(find(".size"), windows.map((size) => [size, size === side ? `${size}, the whole map` : size]), window, (chosen) => choose({ window: chosen }));
    choices(find(".stride"), strides.map((step) => [step, step]), stride, (chosen) => choose({ stride: chosen }));
    choices(find(".of"), [[ONE, "this output"], [ALL, "all outputs"]], state.of, (chosen) => look({ of: chosen }));
    const quotient = (side - window) / stride, rounded = Number.isInteger(quotient) ? "" : ", rounded down";
    find(".formula").textContent = `Side of the output: (${side} − ${window}) / ${stride} + 1 = ${across}${rounded}. Pooling has no parameters.`;
  }
  draw();
}
