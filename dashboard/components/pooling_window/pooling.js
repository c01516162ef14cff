// Pooling of a square map by a window, and its gradient. Draws nothing.

const outputSide = (side, window, stride) => Math.floor((side - window) / stride) + 1;

// The cells of the map that the window covers at one position of the output.
function covered(side, window, stride, output) {
  const across = outputSide(side, window, stride), top = Math.floor(output / across) * stride, left = output % across * stride;
  return Array.from({ length: window * window }, (_, index) => (top + Math.floor(index / window)) * side + left + index % window);
}

// The outputs of the window, one after another, each with its cells, and how its gradient is shared among them.
function pooled(cells, side, mode, window, stride) {
  return Array.from({ length: outputSide(side, window, stride) ** 2 }, (_, output) => {
    const places = covered(side, window, stride, output), values = places.map((place) => cells[place]);
    if (mode === "average") return { places, values, value: total(values) / values.length, shares: values.map(() => 1 / values.length) };
    // Of equal maxima the first gets the gradient, as in TensorFlow.
    const value = Math.max(...values), first = values.indexOf(value);
    return { places, values, value, shares: values.map((_, index) => Number(index === first)) };
  });
}

// The gradient of the sum of some outputs with respect to each cell of the map.
function gradientOf(outputs, area) {
  const gradient = new Array(area).fill(0);
  for (const { places, shares } of outputs) places.forEach((place, index) => { gradient[place] += shares[index]; });
  return gradient;
}
