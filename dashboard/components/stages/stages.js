// The stages of a network for one image, the maps of a layer with their receptive field, and its residual block.

// Canvases of maps that came as int8: gray above zero, blue below.
function canvases({ height, width, values }) {
  const bytes = int8s(values), area = height * width;
  return Array.from({ length: bytes.length / area }, (_, index) => {
    const canvas = make("canvas", ""), own = bytes.subarray(index * area, (index + 1) * area);
    drawPixels(canvas, width, height, (cell) => grayOf(own[cell] / 127));
    return canvas;
  });
}

export default function ({ data, parentElement, setStateValue }) {
  const content = JSON.parse(data.content), { shape: [height, width, channels], size: [tall, wide] } = content;
  const find = (selector) => parentElement.querySelector(selector);
  const ask = (layer) => setStateValue("layer", layer);

  find(".strip").replaceChildren(...content.stages.map((stage, index) => {
    const button = make("button", "stage"), pictures = make("span", "four");
    pictures.append(...canvases(stage.maps));
    button.append(pictures, make("span", "", `${stage.shape[0]} × ${stage.shape[1]} cells, ${stage.shape[2]} maps`));
    button.setAttribute("aria-label", `Stage ${index + 1}: ${stage.shape[2]} maps of ${stage.shape[0]} × ${stage.shape[1]}`);
    button.setAttribute("aria-pressed", stage.layer === content.layer);
    button.onclick = () => ask(stage.layer);
    return button;
  }));

  const select = find("select");
  select.replaceChildren(...content.layers.map(([name, label]) => {
    const option = make("option", "", label);
    Object.assign(option, { value: name, selected: name === content.layer });
    return option;
  }));
  select.onchange = () => ask(select.value);

  find(".text").textContent = `${content.layer}: ${channels} maps of ${height} × ${width} cells` +
    (content.numbers.length < channels ? `, the ${content.numbers.length} strongest shown. ` : ". ") +
    (content.field === null ? "A cell sees the whole image." : `A cell sees ${content.field} × ${content.field} pixels of the image, its receptive field.`);

  // === The receptive field of a cell ===
  const field = find(".field"), status = find(".status");
  find("img").src = content.image;
  find(".stack").style.aspectRatio = `${wide} / ${tall}`;
  find("figcaption").textContent = "Point at or tap a cell: the frame is what it sees.";
  function frame(row, column) {
    const side = content.field ?? Infinity;
    const along = (cell, cells, pixels) => {
      const middle = (cell + 0.5) * pixels / cells;
      const from = clamp(middle - side / 2, 0, pixels), to = clamp(middle + side / 2, 0, pixels);
      return [100 * from / pixels, 100 * (to - from) / pixels];
    };
    const [top, high] = along(row, height, tall), [left, broad] = along(column, width, wide);
    Object.assign(field.style, { top: `${top}%`, height: `${high}%`, left: `${left}%`, width: `${broad}%` });
    field.hidden = false;
    status.textContent = `Row ${row + 1}, column ${column + 1} of ${content.layer}`;
  }
  const hide = () => { field.hidden = true; status.textContent = ""; };

  const tiles = canvases(content.maps).map((canvas, index) => {
    const tile = make("button", "tile");
    let cell = [Math.floor(height / 2), Math.floor(width / 2)];
    tile.append(canvas, make("span", "read", `map ${content.numbers[index]}`));
    tile.setAttribute("aria-label", `Map ${content.numbers[index]}: move over its cells with the arrow keys`);
    canvas.onpointermove = (event) => {
      cell = cellAt(event, canvas, height, width);
      frame(...cell);
    };
    tile.onfocus = () => frame(...cell);
    tile.onpointerleave = tile.onblur = hide;
    tile.onkeydown = (event) => {
      const to = arrowed(event, cell, height, width);
      if (to) frame(...(cell = to));
    };
    return tile;
  });
  find(".tiles").replaceChildren(...tiles);
  find(".tiles").setAttribute("aria-label", `Maps of ${content.layer}`);

  // === The residual block ===
  const block = find(".block");
  if (!content.block) {
    block.replaceChildren();
    return;
  }
  const { rows, numbers, name, score, without, then } = content.block;
  const short = (value) => value.toFixed(2).replace("-", "−");
  block.replaceChildren(
    make("div", "heading", "A residual block ends here: the shortcut carries its input x past the layers, the layers compute F(x), and both are added"),
    ...rows.map(([label, maps]) => {
      const row = make("div", "line");
      const pictures = canvases(maps).map((canvas, index) => {
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", `${label}, map ${numbers[index]}`);
        return canvas;
      });
      row.append(make("span", "label", label), ...pictures);
      return row;
    }),
    make("p", "", `Score of the predicted class, ${name}: ${short(score)}. Without this shortcut, with F(x) alone: ${short(without)}` +
      (then === name ? "." : `, and the model predicts ${then}.`)),
  );
}
