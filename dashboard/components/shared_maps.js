// What several components use: it stands before their own code.
const clamp = (value, least, most) => Math.min(most, Math.max(least, value));
const upper = (text) => text[0].toUpperCase() + text.slice(1);
const total = (values) => values.reduce((sum, value) => sum + value, 0);

// Numbers from −127 to 127 that `dashboard.common.packed_maps` has packed.
const int8s = (text) => Int8Array.from(atob(text), (letter) => letter.charCodeAt(0));

function make(tag, name, text = "") {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
}

// Draw a canvas from a function of the pixel's number to its color and opacity, 0 to 255 each.
function drawPixels(canvas, width, height, pixel) {
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d"), image = context.createImageData(width, height), bytes = image.data;
  for (let index = 0; index < width * height; index++) {
    // Several times as fast as `bytes.set`.
    const color = pixel(index);
    for (let part = 0; part < 4; part++) bytes[4 * index + part] = color[part];
  }
  context.putImageData(image, 0, 0);
}

// The color of a feature map's value: gray above zero, blue below.
function grayOf(fraction) {
  const light = Math.round(255 * Math.min(1, Math.abs(fraction)));
  return fraction < 0 ? [light / 3, light / 2, light, 255] : [light, light, light, 255];
}

// Move by the arrow keys over a grid of cells; null for other keys.
function arrowed(event, [row, column], height, width) {
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  if (!step) return null;
  event.preventDefault();
  return [clamp(row + step[0], 0, height - 1), clamp(column + step[1], 0, width - 1)];
}

// The cell of a grid at a pointer over an element.
function cellAt(event, element, height, width) {
  const box = element.getBoundingClientRect();
  return [
    clamp(Math.floor(height * (event.clientY - box.top) / box.height), 0, height - 1),
    clamp(Math.floor(width * (event.clientX - box.left) / box.width), 0, width - 1),
  ];
}
