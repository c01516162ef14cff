// A class map as pages paint it, and numbers as text. Stands after shared_maps.js.
const SIDE = 128; // Pixels of a class map as it is painted.

// Color and opacity of a strength from −1, against, to 1, for, by the table of `tfpool.colors.paint`.
function paintedBy(paint, strength) {
  const size = clamp(strength, -1, 1), color = paint[Math.round((size + 1) / 2 * (paint.length - 1))];
  return [color[0], color[1], color[2], 230 * Math.abs(size)];
}

// Bilinear, as TensorFlow enlarges maps: cell centers, edges repeated.
function enlarged(values, height, width, side = SIDE) {
  const axis = (count) => Array.from({ length: side }, (_, pixel) => {
    const at = clamp((pixel + 0.5) * count / side - 0.5, 0, count - 1), low = Math.floor(at);
    return [low, Math.min(low + 1, count - 1), at - low];
  });
  const rows = axis(height), columns = axis(width), result = new Float64Array(side * side);
  rows.forEach(([top, below, down], row) => columns.forEach(([left, right, along], column) => {
    const mix = (line) => values[line * width + left] * (1 - along) + values[line * width + right] * along;
    result[row * side + column] = mix(top) * (1 - down) + mix(below) * down;
  }));
  return result;
}

// A number as people write it, with a real minus sign.
function shown(value, signed = false) {
  const size = Math.abs(value), digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  const sign = value < 0 ? "−" : signed ? "+" : "";
  return size === 0 ? "0" : size < 0.0005 ? "≈0" : sign + size.toFixed(digits);
}
