// What each head reads of the maps, and the terms and sums of the scores. Draws nothing.

// Weights are tenths from -9 to 9: digits, and the letters a to i below zero.
const toWeights = (word) => [...word].map((letter) => (/[0-9]/.test(letter) ? Number(letter) : 96 - letter.charCodeAt()) / 10);
const toWord = (weights) => weights.map((weight) => {
  const tenths = Math.round(10 * weight);
  return tenths < 0 ? String.fromCharCode(96 - tenths) : String(tenths);
}).join("");

const READS = {
  gap: { name: "mean", of: (cells) => total(cells) / cells.length },
  gmp: { name: "maximum", of: (cells) => Math.max(...cells) },
};

// Where the weights of a class and map begin in a head's row of weights, and the class's bias stands, after them.
const firstOf = (perMap, maps, number, map) => number * (maps * perMap + 1) + map * perMap;

// The terms of a class's score: per map the value and weight of each cell, or of what the head reads of the map.
function termsOf(head, maps, weights, number) {
  const reads = READS[head], perMap = reads ? 1 : maps[0].length;
  const parts = maps.map((cells, map) => {
    const first = firstOf(perMap, maps.length, number, map);
    const values = reads ? [reads.of(cells)] : cells;
    const terms = values.map((value, index) => ({ value, weight: weights[first + index], place: first + index }));
    return { terms, sum: total(terms.map(({ value, weight }) => value * weight)) };
  });
  const place = firstOf(perMap, maps.length, number, maps.length), bias = weights[place];
  return { parts, bias, place, score: total(parts.map(({ sum }) => sum)) + bias };
}

// What each cell adds for a class. Its mean after GAP, otherwise its sum, is the score without the bias.
function classMapOf(head, maps, { parts }) {
  const added = new Array(maps[0].length).fill(0);
  maps.forEach((cells, map) => {
    const { terms } = parts[map], place = head === "gmp" ? cells.indexOf(terms[0].value) : null;
    cells.forEach((value, index) => {
      const { weight } = terms.length === 1 ? terms[0] : terms[index];
      added[index] += place === null || place === index ? value * weight : 0;
    });
  });
  return added;
}

// A product, and the sum of those that are not zero, as people write them.
const product = ({ value, weight }) => `${short(value)} × ${weight < 0 ? `(${short(weight)})` : short(weight)}`;
const products = (terms) => terms.filter(({ value, weight }) => value * weight).map(product).join(" + ") || "0";
