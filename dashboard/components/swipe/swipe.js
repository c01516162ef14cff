// Two maps of one image in one place: a divider that is dragged, and a button that flickers between them.
const PERIOD = 700; // Milliseconds that each map is shown: far below three flashes per second.

export default function ({ data, parentElement }) {
  const find = (selector) => parentElement.querySelector(selector);
  const frame = find(".frame"), slider = find("input"), flicker = find(".flicker"), status = find(".status");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  // A page that runs again calls this function again: what the visitor has done stays.
  const state = (parentElement.state ??= { at: 50, side: null, timer: null, drags: false });

  // `side` is the map that is shown alone, "left" or "right"; null while the divider separates them.
  const draw = () => {
    const { at, side } = state, cut = side === "left" ? 100 : side === "right" ? 0 : at;
    find("img.right").style.clipPath = `inset(0 0 0 ${cut}%)`;
    find(".divider").style.left = `${at}%`;
    frame.classList.toggle("alone", side !== null);
    find(".first").hidden = side === "right";
    find(".second").hidden = side === "left";
    slider.value = at;
    slider.setAttribute("aria-valuetext", `${at} % of the left map, ${100 - at} % of the right map`);
  };
  const show = (side) => { state.side = side; draw(); };
  const say = () => { status.textContent = state.side ? `Shown: ${data.names[state.side === "left" ? 0 : 1]}` : ""; };
  const stop = () => {
    clearInterval(state.timer);
    state.timer = null;
    flicker.setAttribute("aria-pressed", "false");
    show(null);
    say();
  };
  const move = (percent) => {
    if (state.side) stop();
    state.at = Math.min(100, Math.max(0, Math.round(percent)));
    draw();
  };
  const other = () => show(state.side === "right" ? "left" : "right");

  frame.style.aspectRatio = `${data.width} / ${data.height}`;
  ["left", "right"].forEach((name, index) => {
    const image = find(`img.${name}`);
    if (image.src !== data.pictures[index]) image.src = data.pictures[index];
    image.alt = data.alts[index];
  });
  find(".first").textContent = data.names[0];
  find(".second").textContent = data.names[1];
  frame.setAttribute("aria-label", `${data.names[0]} on the left, ${data.names[1]} on the right. Move the divider with the arrow keys`);

  const toPercent = (event) => { const box = frame.getBoundingClientRect(); return 100 * (event.clientX - box.left) / box.width; };
  frame.onpointerdown = (event) => { state.drags = true; frame.setPointerCapture(event.pointerId); move(toPercent(event)); };
  frame.onpointermove = (event) => { if (state.drags) move(toPercent(event)); };
  frame.onpointerup = frame.onpointercancel = () => { state.drags = false; };
  frame.onkeydown = (event) => {
    const step = { ArrowLeft: -5, ArrowRight: 5, Home: -100, End: 100 }[event.key];
    if (step === undefined && event.key !== " ") return;
    event.preventDefault();
    if (step) move(state.at + step);
    else if (!event.repeat && !state.timer) show("right");
  };
  frame.onkeyup = (event) => { if (event.key === " " && !state.timer) stop(); };
  frame.onblur = () => { if (state.side && !state.timer && !calm.matches) stop(); };
  slider.oninput = () => move(Number(slider.value));

  flicker.textContent = calm.matches ? "Show the other map" : "Flicker";
  flicker.onclick = () => {
    // Who wants no motion changes the map by hand.
    if (calm.matches) {
      other();
      say();
      return;
    }
    if (state.timer) return stop();
    flicker.setAttribute("aria-pressed", "true");
    other();
    state.timer = setInterval(other, PERIOD);
  };
  draw();
  return () => clearInterval(state.timer);
}
