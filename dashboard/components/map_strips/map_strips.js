// The class maps of a test image after each epoch, a row per run, with one slider. All maps come with the page.
const STEP_SIDE = 44; // Pixels of a small map.

export default function ({ data, parentElement }) {
  const find = (selector) => parentElement.querySelector(selector);
  // The page runs each second while a run trains, mostly without a new epoch.
  if (find(".rows").content === data.content) return;
  find(".rows").content = data.content;
  const content = JSON.parse(data.content), { epochs, images, rows } = content;
  // What the visitor has chosen outlives the epochs that arrive; without a choice the newest epoch is shown, and the last
  // image: of the bundled data a boot, whose outline is easier to see than a shirt's.
  const state = (parentElement.state ??= { image: images.length - 1, epoch: null });
  const slider = find("input");
  const chosen = () => {
    const at = state.epoch === null ? -1 : epochs.findLastIndex((epoch) => epoch <= state.epoch);
    return at < 0 ? epochs.length - 1 : at;
  };

  const draw = (canvas, row, place, side) => {
    const { height, width, values } = row.maps[state.image], area = height * width;
    const fine = enlarged(row.bytes[state.image].subarray(place * area, (place + 1) * area), height, width, side);
    drawPixels(canvas, side, side, (pixel) => paintedBy(content.paint, fine[pixel] / 127));
  };
  const words = (row, place) => {
    const predicted = row.predicted[place][state.image], { name, number } = images[state.image];
    return {
      epoch: `epoch ${row.epochs[place]}`,
      score: `score of ${name} ${shown(row.scores[place][state.image])}`,
      predicts: `predicts ${content.names[predicted]}`,
      verdict: predicted === number ? "✓ correct" : "✗ wrong",
    };
  };

  // === An image is chosen: all rows are drawn anew ===
  function choose(number) {
    state.image = number;
    const { picture, name, size } = images[number], area = find(".rows");
    area.style.setProperty("--photo", `url(${picture})`);
    area.style.setProperty("--shape", `${size[1]} / ${size[0]}`);
    area.replaceChildren(...rows.map((row) => {
      const element = make("div", "row"), map = make("canvas", "map"), strip = make("div", "strip");
      const text = make("div", "text");
      text.append(make("b", "", row.name), make("div", "answer"));
      map.setAttribute("role", "img");
      strip.setAttribute("role", "img");
      strip.setAttribute("aria-label", `${row.name}: class maps of ${name} after epochs ${row.epochs[0]} to ${row.epochs.at(-1)}`);
      strip.append(...row.epochs.map((epoch, place) => {
        const step = make("div", "step"), canvas = make("canvas", "");
        draw(canvas, row, place, STEP_SIDE);
        step.append(canvas, make("span", "", epoch));
        step.onclick = () => move(epoch);
        return step;
      }));
      element.append(map, text, strip);
      return element;
    }));
    drawImages();
    update();
  }

  function drawImages() {
    const buttons = images.map(({ picture, name, position }, number) => {
      const button = make("button", "image"), image = make("img", "");
      Object.assign(image, { src: picture, alt: "" });
      button.title = name;
      button.setAttribute("aria-label", `${name}, test image ${position}`);
      button.setAttribute("aria-pressed", number === state.image);
      button.append(image);
      button.onclick = () => { choose(number); find('.image[aria-pressed="true"]').focus(); };
      return button;
    });
    find(".images").replaceChildren(...buttons);
  }

  // === The slider moves ===
  function move(epoch) {
    state.epoch = epoch === epochs.at(-1) ? null : epoch;
    update();
  }

  function update() {
    const epoch = epochs[chosen()];
    slider.max = epochs.length - 1;
    slider.value = chosen();
    slider.setAttribute("aria-valuetext", `epoch ${epoch} of ${epochs.at(-1)}`);
    find("output").textContent = `${epoch} of ${epochs.at(-1)}`;
    parentElement.querySelectorAll(".row").forEach((element, number) => {
      const row = rows[number];
      // A run that has not come so far shows its newest map.
      const place = Math.max(0, row.epochs.findLastIndex((own) => own <= epoch));
      const map = element.querySelector(".map"), { name } = images[state.image], said = words(row, place);
      draw(map, row, place, SIDE);
      map.setAttribute("aria-label", `${row.name}, class map of ${name}: ${Object.values(said).join(", ")}`);
      element.querySelector(".answer").replaceChildren(...Object.entries(said).map(([kind, text]) => make("span", kind, text)));
      element.querySelectorAll(".step").forEach((step, index) => step.classList.toggle("on", index === place));
    });
  }

  slider.oninput = () => move(epochs[slider.value]);
  for (const row of rows) row.bytes = row.maps.map(({ values }) => int8s(values));
  const focused = find(".image:focus");
  choose(Math.min(state.image, images.length - 1));
  if (focused) find('.image[aria-pressed="true"]').focus();
}
