// An image that is dragged, moved by the arrow keys, and enlarged. Shifts are fractions of its width and height.
export default function ({ data, parentElement, setStateValue }) {
  const find = (selector) => parentElement.querySelector(selector);
  const frame = find(".frame"), image = find("img"), status = find("span");
  let view = { ...data.view };
  image.src = data.picture;
  frame.setAttribute("aria-label", data.label);
  frame.style.setProperty("--shape", `${data.width} / ${data.height}`);

  const draw = () => {
    image.style.transform = `translate(${100 * view.right}%, ${100 * view.down}%) scale(${view.enlarged})`;
    const right = Math.round(view.right * data.width), down = Math.round(view.down * data.height);
    status.textContent = `${right} right, ${down} down, ${view.enlarged.toFixed(1)} ×`;
  };
  const clamp = (value, least, most) => Math.min(most, Math.max(least, value));
  const toPixels = (fraction, side) => Math.round(clamp(fraction, -1, 1) * side) / side;
  const move = (change) => {
    view = { ...view, ...change };
    view.right = toPixels(view.right, data.width);
    view.down = toPixels(view.down, data.height);
    view.enlarged = clamp(Math.round(10 * view.enlarged) / 10, 1, data.most);
    draw();
  };
  const send = () => setStateValue("view", { ...view });
  const moveAndSend = (change) => { move(change); send(); };

  let start = null;
  frame.onpointerdown = (event) => {
    frame.setPointerCapture(event.pointerId);
    start = { x: event.clientX, y: event.clientY, ...view };
  };
  frame.onpointermove = (event) => {
    if (start) move({
      right: start.right + (event.clientX - start.x) / frame.clientWidth,
      down: start.down + (event.clientY - start.y) / frame.clientHeight,
    });
  };
  frame.onpointerup = frame.onpointercancel = () => { if (start) { start = null; send(); } };
  frame.onkeydown = (event) => {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = steps[event.key];
    if (step) {
      event.preventDefault();
      moveAndSend({ right: view.right + step[0] / data.width, down: view.down + step[1] / data.height });
    }
  };
  find(".plus").onclick = () => moveAndSend({ enlarged: view.enlarged + 0.5 });
  find(".minus").onclick = () => moveAndSend({ enlarged: view.enlarged - 0.5 });
  find(".reset").onclick = () => moveAndSend({ right: 0, down: 0, enlarged: 1 });
  draw();
}
