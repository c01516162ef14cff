// The parts of a score, their map at the size it is painted in, and numbers as text. Draws nothing.
const SIDE = 128; // Pixels of the class map as it is painted.

const floats = (text) => new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
const largest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

// A number as people write it, with a real minus sign.
function shown(value, signed = false) {
  const size = Math.abs(value), digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  const sign = value < 0 ? "−" : signed ? "+" : "";
  return size === 0 ? "0" : size < 0.0005 ? "≈0" : sign + size.toFixed(digits);
}

// What each map adds for a class, strongest first, then all other maps together.
function partsOf(content, activations, chosen) {
  const area = content.height * content.width, weights = floats(chosen.weights);
  const perCell = weights.length > chosen.maps.length;
  const parts = chosen.maps.map((number, index) => {
    const values = activations[number];
    const own = perCell ? weights.subarray(index * area, (index + 1) * area) : null;
    const cells = Float64Array.from(values, (value, cell) => value * (own ? own[cell] : weights[index]));
    const weight = own ? total(Float64Array.from(own)) : weights[index] * area;
    const value = content.reads === "maximum" ? values.reduce((a, b) => Math.max(a, b)) : total(Float64Array.from(values)) / area;
    return { number, values, own: own ?? new Float32Array(area).fill(weights[index]), cells, weight, value, sum: total(cells) };
  });
  if (chosen.rest) {
    const cells = Float64Array.from(floats(chosen.rest));
    parts.push({ number: null, cells, sum: total(cells) });
  }
  return parts;
}

// Bilinear, as TensorFlow enlarges maps: cell centers, edges repeated.
function enlarged(values, height, width) {
  const axis = (count) => Array.from({ length: SIDE }, (_, pixel) => {
    const at = clamp((pixel + 0.5) * count / SIDE - 0.5, 0, count - 1), low = Math.floor(at);
    return [low, Math.min(low + 1, count - 1), at - low];
  });
  const rows = axis(height), columns = axis(width), result = new Float64Array(SIDE * SIDE);
  rows.forEach(([top, below, down], row) => columns.forEach(([left, right, along], column) => {
    const mix = (line) => values[line * width + left] * (1 - along) + values[line * width + right] * along;
    result[row * SIDE + column] = mix(top) * (1 - down) + mix(below) * down;
  }));
  return result;
}
