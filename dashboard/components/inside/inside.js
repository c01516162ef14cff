// How one image becomes a score: its last feature maps, what each adds for a class, their sum, and the class map.
// All numbers come with the page; pointing, adding and choosing a class need no server.

export default function ({ data, parentElement }) {
  const content = JSON.parse(data.content), { height, width, reads } = content;
  const find = (selector) => parentElement.querySelector(selector);
  const activations = Object.fromEntries(Object.entries(content.activations).map(([n, text]) => [n, floats(text)]));
  const brightest = Math.max(...Object.values(activations).map(largest)) || 1;
  // What the visitor has chosen outlives a change of image or model.
  const state = (parentElement.state ??= { target: null, added: null, pinned: null });
  let chosen, parts, limit, pointed = null;

  const painted = (value, most) => paintedBy(content.paint, value / most);
  const gray = (value) => grayOf(value / brightest);
  const nameOf = (part) => part.number === null ? `${content.channels - chosen.maps.length} other maps` : `map ${part.number}`;
  const asEquation = (part) => {
    if (part.number === null || reads === "cells") return `${nameOf(part)}: ${shown(part.sum, true)}`;
    return `${nameOf(part)}: ${reads} ${shown(part.value)} × weight ${shown(part.weight)} = ${shown(part.sum, true)}`;
  };
  const read = (part) => reads === "cells" ? shown(part.sum, true) : shown(part.value);
  const added = () => state.added === null ? parts.length : Math.min(state.added, parts.length);
  const sumOf = (count) => chosen.bias + total(parts.slice(0, count).map((part) => part.sum));
  const mapOf = (some) => some.reduce((sum, part) => sum.map((value, cell) => value + part.cells[cell]), new Float64Array(height * width));
  const placeOf = (cell) => `Row ${Math.floor(cell / width) + 1}, column ${cell % width + 1}`;

  // === A class is chosen: everything is drawn anew ===
  function choose(number) {
    chosen = content.classes.find((each) => each.number === number) ?? content.classes[0];
    state.target = chosen.number;
    parts = partsOf(content, activations, chosen);
    limit = largest(mapOf(parts)) || 1;
    drawClasses();
    drawBars();
    drawTiles();
    drawWords();
    find("input").max = parts.length;
    find("input").value = added();
    update();
  }

  function drawClasses() {
    const most = Math.max(...content.classes.map((each) => each.probability ?? Math.abs(each.score))) || 1;
    const buttons = content.classes.map((each) => {
      const button = make("button", "class"), bar = make("i", "bar");
      const certain = each.probability === null ? "" : ` · ${(100 * each.probability).toFixed(each.probability < 0.1 ? 1 : 0)} %`;
      button.append(make("span", "label", each.name), make("span", "number", shown(each.score) + certain), bar);
      bar.style.width = `${100 * (each.probability ?? Math.abs(each.score)) / most}%`;
      button.setAttribute("aria-pressed", each === chosen);
      button.onclick = () => { choose(each.number); find('[aria-pressed="true"]').focus(); };
      return button;
    });
    find(".columns").textContent = chosen.probability === null ? "score" : "score · probability";
    find(".classes").replaceChildren(...buttons);
  }

  function drawBars() {
    const steps = [{ name: "bias", sum: chosen.bias }, ...parts];
    if (isLeft()) steps.push({ name: "left over", sum: chosen.left });
    const sums = steps.reduce((sums, step) => [...sums, sums.at(-1) + step.sum], [0]);
    const low = Math.min(...sums), high = Math.max(...sums), span = high - low || 1;
    const up = (value) => 4 + 92 * (high - value) / span;
    const line = (value, name) => `<line class="${name}" x1="0" x2="${steps.length}" y1="${up(value)}" y2="${up(value)}"/>`;
    const bars = steps.map((step, index) => {
      const top = up(Math.max(sums[index], sums[index + 1])), size = 92 * Math.abs(step.sum) / span;
      const kind = step.name ? "other" : step.sum < 0 ? "against" : "for";
      return `<g data-index="${index}"><rect class="whole" x="${index}" width="1" height="100"/>` +
        `<rect class="${kind}" x="${index + 0.1}" width="0.8" y="${top}" height="${Math.max(0.8, size)}"/></g>`;
    });
    const chart = find(".bars");
    chart.setAttribute("viewBox", `0 0 ${steps.length} 100`);
    chart.setAttribute("aria-label", `Bars that add up from the bias ${shown(chosen.bias)} to the score ${shown(chosen.score)} of ${chosen.name}`);
    chart.innerHTML = line(0, "zero") + line(chosen.score, "goal") + bars.join("");
    chart.onpointermove = (event) => {
      const bar = event.target.closest("g"), part = bar && parts[bar.dataset.index - 1];
      point(part ? { part } : null);
    };
    chart.onpointerleave = () => point(null);
    chart.onclick = () => pointed?.part && pin(pointed.part.number);
  }

  function drawTiles() {
    const tiles = parts.filter((part) => part.number !== null).map((part, index) => {
      const tile = make("button", "tile"), canvas = make("canvas", ""), frame = make("span", "frame");
      drawPixels(canvas, width, height, (cell) => gray(part.values[cell]));
      frame.append(canvas, make("i", "place"));
      tile.append(frame, make("span", "read", read(part)));
      tile.setAttribute("aria-label", upper(asEquation(part)));
      tile.dataset.map = part.number;
      tile.tabIndex = index ? -1 : 0;
      tile.onpointerenter = tile.onfocus = () => point({ part });
      tile.onpointerleave = tile.onblur = () => point(null);
      tile.onclick = () => pin(part.number);
      return tile;
    });
    find(".tiles").replaceChildren(...tiles);
    find(".tiles").onkeydown = (event) => {
      const across = tiles.filter((tile) => tile.offsetTop === tiles[0].offsetTop).length;
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[event.key];
      const from = tiles.indexOf(event.target), to = from + step;
      if (event.key === "Escape") pin(null);
      if (step === undefined || !tiles[to]) return;
      event.preventDefault();
      tiles[from].tabIndex = -1;
      tiles[to].tabIndex = 0;
      tiles[to].focus();
    };
  }

  function weightsText() {
    const count = content.headWeights.toLocaleString("en");
    const per = reads !== "cells" ? ", one per map" : content.headWeights === content.channels * height * width ? ", one per cell" : "";
    if (content.headWeights) return ` Each class has ${count} weights${per}.`;
    return content.linear && reads !== "cells" ? " The head has no weights: what it reads of a class's own map is the score." : "";
  }

  function drawWords() {
    const all = total([chosen.bias, chosen.left, ...parts.map((part) => part.sum)]), most = chosen.maps.length;
    const each = reads === "cells" ? "what each map adds" : `${reads} × weight of each map`;
    find(".bars-text").textContent = `The score of ${chosen.name}: the bias, then ${each}`;
    find(".begin").textContent = `bias ${shown(chosen.bias, true)}`;
    find(".end").textContent = `${isLeft() ? `left over ${shown(chosen.left, true)}, ` : ""}score ${shown(chosen.score)}`;
    const holds = content.linear ? "" : "This head has hidden layers, so a weight holds for this image alone: how much the score grows with a cell. ";
    find(".note").textContent = holds + (isLeft()
      ? `The bias and all maps add up to ${(all - chosen.left).toFixed(4)}, and the model's own score is ${chosen.score.toFixed(4)}: ` +
        `${shown(chosen.left, true)} is left over and in no map.`
      : `The bias and all maps add up to ${all.toFixed(4)}. The model's own score is ${chosen.score.toFixed(4)}.`);
    find(".tiles-text").textContent = `The ${most < content.channels ? `${most} strongest of the ` : ""}last ${content.channels} feature ` +
      `maps, ${height} × ${width} cells each${most < content.channels ? "" : ", strongest first"}. ` + {
        mean: "Below each map is its mean, which the head reads.",
        maximum: "Below each map is its maximum, which the head reads.",
        cells: "The head reads all cells of each map. Below each map is what it adds to the score.",
      }[reads] + weightsText();
    find(".tiles").setAttribute("aria-label", `Feature maps of ${content.layer}, strongest for ${chosen.name} first`);
  }

  // === Pointing: the same map in the tiles, the bars, the sum and the class map ===
  const pin = (number) => { state.pinned = state.pinned === number ? null : number; update(); };
  const point = (what) => { pointed = what; update(); };
  const isLeft = () => Math.abs(chosen.left) > 1e-4 * Math.max(1, Math.abs(chosen.score));

  function update() {
    const count = added(), pinned = parts.find((each) => each.number !== null && each.number === state.pinned);
    const part = pointed?.part ?? pinned, cell = pointed?.cell ?? null;
    const strongest = cell === null ? [] : parts.filter((each) => each.cells[cell] !== 0).sort((a, b) => Math.abs(b.cells[cell]) - Math.abs(a.cells[cell])).slice(0, 3);
    const isOn = (each) => each === part || strongest.includes(each);
    const values = part ? part.cells : mapOf(parts.slice(0, count));
    const fine = enlarged(values, height, width), most = part ? largest(values) || 1 : limit;
    drawPixels(find(".map"), SIDE, SIDE, (pixel) => painted(fine[pixel], most));
    find(".map-text").textContent = part
      ? `${upper(nameOf(part))} alone, on a color scale of its own`
      : `Class map of ${chosen.name}: ${count} of ${parts.length} ${parts.at(-1).number === null ? "parts" : "maps"}, each × its weight, added up`;
    find(".plot").setAttribute("aria-label", `${find(".map-text").textContent}. Move with the arrow keys to ask for a position.`);
    find(".adder output").textContent = `${count} of ${parts.length}`;
    parentElement.querySelectorAll(".tile").forEach((tile, index) => {
      tile.classList.toggle("on", isOn(parts[index]));
      tile.classList.toggle("waits", index >= count);
      tile.setAttribute("aria-pressed", parts[index].number === state.pinned);
    });
    parentElement.querySelectorAll(".bars g").forEach((bar, index) => {
      bar.classList.toggle("on", index > 0 && index <= parts.length && isOn(parts[index - 1]));
      bar.classList.toggle("waits", index > count);
    });
    parentElement.querySelectorAll(".place").forEach((place) => {
      place.hidden = cell === null;
      if (cell !== null) Object.assign(place.style, {
        left: `${100 * (cell % width) / width}%`, top: `${100 * Math.floor(cell / width) / height}%`,
        width: `${100 / width}%`, height: `${100 / height}%`,
      });
    });
    const sum = find(".sum");
    sum.dataset.sum = sumOf(count);
    sum.dataset.score = chosen.score;
    sum.replaceChildren(make("b", "", shown(sumOf(count))), make("span", "", ` of ${shown(chosen.score)}, the score of ${chosen.name}`));
    drawDetail(part ?? strongest[0] ?? parts[0]);
    find(".status").textContent = cell !== null
      ? `${placeOf(cell)}: the maps add ${shown(total(parts.map((each) => each.cells[cell])), true)} here` +
        (strongest.length ? `; the strongest: ${strongest.map((each) => `${nameOf(each)} ${shown(each.cells[cell], true)}`).join(", ")}.` : ".")
      : part ? upper(asEquation(part)) : "Point at or tap a map, a bar, or a place of the class map to see what it adds.";
  }

  function drawDetail(part) {
    const box = find(".detail");
    if (part.number === null) {
      box.replaceChildren(make("span", "equation", `All ${nameOf(part)} add ${shown(part.sum, true)}.`));
      return;
    }
    const picture = (pixel, text) => {
      const figure = make("figure", "small"), canvas = make("canvas", "");
      drawPixels(canvas, width, height, pixel);
      figure.append(canvas, make("figcaption", "", text));
      return figure;
    };
    const strong = largest(part.own) || 1, most = largest(part.cells) || 1, isSame = part.own.every((weight) => weight === part.own[0]);
    const [value, weight] = {
      mean: [`mean ${shown(part.value)}`, `weight ${shown(part.weight)}`],
      maximum: [`maximum ${shown(part.value)}`, `weight ${shown(part.weight)}, at the maximum`],
      cells: [`${height} × ${width} values`, isSame ? `weight ${shown(part.weight)}` : "a weight for each cell"],
    }[reads];
    box.replaceChildren(
      make("span", "equation", upper(nameOf(part))),
      picture((cell) => gray(part.values[cell]), value), make("span", "sign", "×"),
      picture((cell) => painted(part.own[cell], strong), weight), make("span", "sign", "="),
      picture((cell) => painted(part.cells[cell], most), `adds ${shown(part.sum, true)}`),
    );
  }

  // === What does not change with the class ===
  const [against, adds] = [-1, 1].map((strength) => `rgb(${paintedBy(content.paint, strength).slice(0, 3).join(" ")})`);
  find(".key .for").style.background = adds;
  find(".key .against").style.background = against;
  const plot = find(".plot"), slider = find("input");
  for (const name of [".photo", ".under"]) find(name).src = content.image;
  find(".photo").alt = `The image: ${content.name}`;
  parentElement.querySelectorAll(".stack").forEach((stack) => { stack.style.aspectRatio = `${content.size[1]} / ${content.size[0]}`; });
  find(".photo-text").textContent = "The image, as the model sees it";
  slider.oninput = () => { state.added = Number(slider.value) === parts.length ? null : Number(slider.value); update(); };
  const toCell = ([row, column]) => ({ cell: row * width + column });
  plot.onpointermove = (event) => point(toCell(cellAt(event, plot, height, width)));
  plot.onpointerleave = plot.onblur = () => point(null);
  plot.onkeydown = (event) => {
    const from = pointed?.cell ?? Math.floor(height / 2) * width + Math.floor(width / 2);
    const to = arrowed(event, [Math.floor(from / width), from % width], height, width);
    if (to) point(toCell(to));
  };
  choose(state.target);
}
