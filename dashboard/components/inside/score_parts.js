// The parts of a score. Draws nothing.
const floats = (text) => new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
const largest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

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
