// Feature maps to type into, and the scores of made-up classes after each head, as sums of values × weights.
// Everything is computed here; the server only keeps what was chosen in the address.

export default function ({ data, parentElement, setStateValue }) {
  const content = JSON.parse(data.content), { side, most, maps, classes, heads, values } = content;
  const find = (selector) => parentElement.querySelector(selector);
  const digits = (word) => [...word].map(Number);
  // What the visitor has chosen outlives the server's answer to an earlier choice.
  const state = (parentElement.state ??= {
    maps: [values.home_map, values.home_map_2].map(digits),
    perMap: toWeights(values.home_weights),
    perCell: toWeights(values.home_cell_weights),
    head: values.home_head,
    shown: 0,
  });
  const reads = () => READS[state.head];
  const weightsOf = (head) => READS[head] ? state.perMap : state.perCell;
  const terms = (head, number) => termsOf(head, state.maps, weightsOf(head), number);

  function save() {
    draw();
    const [home_map, home_map_2] = state.maps.map((cells) => cells.join(""));
    const home_weights = toWord(state.perMap), home_cell_weights = toWord(state.perCell);
    setStateValue("chosen", { home_map, home_map_2, home_weights, home_cell_weights, home_head: state.head });
  }

  // === The maps ===
  const figures = (box, count) => {
    while (box.children.length < count) {
      const figure = make("figure", ""), grid = make("div", "grid");
      grid.setAttribute("role", "group");
      figure.append(make("figcaption", ""), grid);
      box.append(figure);
    }
    return [...box.children].map((figure) => [figure.querySelector("figcaption"), figure.querySelector(".grid")]);
  };
  const mapFigures = figures(find(".maps"), maps.length);
  mapFigures.forEach(([caption, grid], map) => {
    caption.textContent = `Map ${map + 1}: ${maps[map]}`;
    numberFields(grid, side, upper(maps[map]), { least: 0, most, step: 1 }, (index, value) => {
      state.maps[map][index] = value;
      save();
    });
  });
  parentElement.querySelectorAll(".arrows button").forEach((button) => {
    const [down, right] = button.dataset.step.split(",").map(Number);
    const from = (index) => (Math.floor(index / side) - down + side) % side * side + (index % side - right + side) % side;
    button.onclick = () => {
      state.maps = state.maps.map((cells) => cells.map((_, index) => cells[from(index)]));
      save();
    };
  });
  choices(find(".examples"), content.examples.map(([name, words]) => [words.join(), name]), null, (words) => {
    state.maps = words.split(",").map(digits);
    save();
  });

  // === The answers: a card per head ===
  function drawHeads() {
    heads.forEach((head, index) => {
      const card = find(".heads").children[index] ?? find(".heads").appendChild(make("button", "head"));
      const scores = classes.map((_, number) => terms(head.name, number).score);
      const low = Math.min(0, ...scores), span = Math.max(0, ...scores) - low || 1;
      const first = scores.indexOf(Math.max(...scores)), values = READS[head.name] && state.maps.map(READS[head.name].of);
      const rows = scores.map((score, number) => {
        const row = make("span", `score ${number === first ? "first" : ""}`), bar = make("i", "bar"), zero = make("i", "zero");
        // From the line of zero to the right, or to the left below it.
        bar.style.width = `${100 * Math.abs(score) / span}%`;
        bar.style.marginLeft = `${100 * (Math.min(0, score) - low) / span}%`;
        zero.style.left = `${-100 * low / span}%`;
        row.append(make("span", "", classes[number]), make("span", "track"), make("span", "number", short(score)));
        row.children[1].append(bar, zero);
        row.dataset.score = score;
        return row;
      });
      const text = values ? `${READS[head.name].name} of each map: ${values.map(short).join(" and ")}` : `all ${side * side * maps.length} cells`;
      const label = make("span", "label"), predicts = make("span", "", "predicts ");
      label.append(make("b", "", head.label), make("span", "reads", text));
      predicts.append(make("b", "", classes[first]));
      card.replaceChildren(label, ...rows, predicts, make("span", "", `${head.params} parameters`));
      card.setAttribute("aria-pressed", head.name === state.head);
      card.dataset.head = head.name;
      card.onclick = () => { state.head = head.name; save(); };
    });
  }

  // === How the scores of the chosen head come about ===
  function slider({ name, value, place }) {
    const label = make("label", "term", name), input = make("input", "");
    Object.assign(input, { type: "range", min: -0.9, max: 0.9, step: 0.1, value });
    const change = (keep) => {
      weightsOf(state.head)[place] = Math.round(10 * input.value) / 10;
      keep();
    };
    // While a weight is dragged, the address waits.
    input.oninput = () => change(draw);
    input.onchange = () => change(save);
    label.append(input);
    return label;
  }

  // A weight for each map as a slider; weights for cells have fields of their own. The bias is a slider always.
  function slidersOf({ parts, bias, place }) {
    const perMap = parts.map(({ terms: [term] }, map) => ({ name: `${maps[map]}: weight`, value: term.weight, place: term.place }));
    return [...(reads() ? perMap : []), { name: "bias", value: bias, place }];
  }

  // The class map, which the same weights paint, on one color scale for all classes.
  function drawClassMap(figure, number, classMap, most) {
    const grid = figure.querySelector(".grid"), text = `Class map (CAM) of ${classes[number]}`;
    while (grid.children.length < classMap.length) grid.append(make("span", "cell"));
    grid.style.gridTemplateColumns = `repeat(${side}, 1fr)`;
    classMap.forEach((value, index) => {
      grid.children[index].textContent = Math.abs(value) < 0.05 ? "" : short(Math.round(10 * value) / 10);
      grid.children[index].dataset.value = value;
    });
    fill([...grid.children], classMap.map((value) => value / most), true);
    figure.querySelector("figcaption").textContent = text;
    grid.setAttribute("aria-label", `${text}: ${classMap.flatMap((value, index) =>
      value ? [`${cellName(index, side)} ${short(value)}`] : []).join("; ") || "all cells are 0"}`);
  }

  function drawClass(box, number) {
    const own = terms(state.head, number), sliders = slidersOf(own);
    // Made once per head, so that a drag goes on while numbers change.
    if (box.dataset.head !== state.head) {
      const row = make("div", "terms"), left = make("div", "written"), figure = make("figure", "class-map"), grid = make("div", "grid");
      grid.setAttribute("role", "img");
      row.append(...sliders.map(slider));
      left.append(make("div", "sum"), row);
      figure.append(grid, make("figcaption", ""));
      box.replaceChildren(left, figure);
      box.dataset.head = state.head;
    }
    box.querySelectorAll(".term").forEach((term, index) => {
      const input = term.querySelector("input"), { name, value } = sliders[index];
      term.firstChild.data = `${name} ${short(value)}`;
      if (Number(input.value) !== value) input.value = value;
      input.setAttribute("aria-label", `${upper(classes[number])}, ${name}`);
    });
    const sum = box.querySelector(".sum"), { name } = reads() ?? {}, score = make("b", "", short(own.score));
    const perMap = own.parts.map(({ terms: [term] }) => `${name} ${product(term)}`);
    const perCell = own.parts.map((part, map) => make("div", "", `${maps[map]}: ${products(part.terms)} = ${short(part.sum)}`));
    const sums = reads() ? perMap.join(" + ") : asSum(own.parts.map((part) => part.sum));
    const bias = `${own.bias < 0 ? "−" : "+"} ${short(Math.abs(own.bias))} (bias)`;
    sum.dataset.score = own.score;
    sum.replaceChildren(make("b", "", `${upper(classes[number])}: `), ...(reads() ? [] : perCell), `${sums} ${bias} = `, score);
  }

  function drawWeights() {
    const box = find(".cells"), isPerCell = !reads();
    box.hidden = !isPerCell;
    if (!isPerCell) return;
    choices(find(".chosen-class"), classes.map((name, number) => [number, `Weights of ${name}`]), state.shown, (number) => {
      state.shown = number;
      draw();
    });
    const { parts } = terms(state.head, state.shown);
    figures(find(".weights"), maps.length).forEach(([caption, grid], map) => {
      caption.textContent = `For ${maps[map]}`;
      numberFields(grid, side, `Weights of ${classes[state.shown]} for ${maps[map]}`, { least: -0.9, most: 0.9, step: 0.1 }, (index, value) => {
        state.perCell[parts[map].terms[index].place] = value;
        save();
      });
      showValues(grid, parts[map].terms.map(({ weight }) => weight), 0.9, true);
    });
  }

  function draw() {
    const head = heads.find(({ name }) => name === state.head), box = find(".classes");
    mapFigures.forEach(([, grid], map) => showValues(grid, state.maps[map], most));
    drawHeads();
    find(".note").textContent = content.note;
    find(".heading").textContent = `${head.label}: ${reads() ? "one weight per map and class" : "one weight per cell and class"}`;
    find(".lead").textContent = "The same weights paint the class map: red speaks for the class, blue against it. " +
      `The ${state.head === "gap" ? "mean" : "cells"} of the class map and the bias add up to the score.`;
    const classMaps = classes.map((_, number) => classMapOf(state.head, state.maps, terms(state.head, number)));
    const strongest = Math.max(...classMaps.flat().map(Math.abs)) || 1;
    classes.forEach((_, number) => {
      drawClass(box.children[number] ?? box.appendChild(make("div", "class")), number);
      drawClassMap(box.children[number].querySelector(".class-map"), number, classMaps[number], strongest);
    });
    drawWeights();
    find(".formula").replaceChildren(`Parameters of ${head.label}: ${head.formula} = ${head.numbers} = `, make("b", "", String(head.params)),
      `, for maps of H × W = ${side} × ${side}, C = ${maps.length} maps, and K = ${classes.length} classes.`);
  }
  draw();
}
