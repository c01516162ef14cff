// An image that is dragged, moved by the arrow keys, and enlarged. Shifts are fractions of its width and height.
// Beyond its border it goes on as `data.border` says: wrapped, mirrored, or black.
const PAUSE = 250; // Least milliseconds between two reports while one drags.

// The image with its mirror images to the right and below, which repeats without a seam.
function mirrored(image) {
  const { naturalWidth: width, naturalHeight: height } = image;
  const canvas = Object.assign(document.createElement("canvas"), { width: 2 * width, height: 2 * height });
  const context = canvas.getContext("2d");
  for (const [x, y] of [[1, 1], [-1, 1], [1, -1], [-1, -1]]) {
    context.setTransform(x, 0, 0, y, x < 0 ? 2 * width : 0, y < 0 ? 2 * height : 0);
    context.drawImage(image, 0, 0);
  }
  return canvas.toDataURL();
}

export default function ({ data, parentElement, setStateValue }) {
  const find = (selector) => parentElement.querySelector(selector);
  const frame = find(".frame"), image = find("img"), status = find("span");
  // A page that runs while one drags calls this function again: what the hand does goes on.
  const hand = (frame.hand ??= { start: null, sent: 0, awaited: null, view: null });
  const same = (one, other) => ["right", "down", "enlarged"].every((name) => one[name] === other[name]);
  // Of several reports the page answers each; what it says of an earlier one is out of date.
  if (hand.awaited && same(hand.awaited, data.view)) hand.awaited = null;
  if (!hand.start && !hand.awaited) hand.view = { ...data.view };
  frame.setAttribute("aria-label", data.label);
  frame.style.setProperty("--side", `${data.side}px`);
  frame.style.setProperty("--shape", `${data.width} / ${data.height}`);

  const draw = () => {
    const { right, down, enlarged } = hand.view, tiles = data.border === "reflect" ? 2 : 1;
    // A percentage places a background by the room that is left, which may be none: lengths do not.
    const place = (shift, side) => `${(side * (1 - enlarged)) / 2 + shift * side}px`;
    frame.style.backgroundSize = `${100 * enlarged * tiles}% ${100 * enlarged * tiles}%`;
    frame.style.backgroundPosition = `${place(right, frame.clientWidth)} ${place(down, frame.clientHeight)}`;
    const across = Math.round(right * data.width), along = Math.round(down * data.height);
    status.textContent = `${across} right, ${along} down, ${enlarged.toFixed(1)} ×`;
  };
  const show = async () => {
    image.src = data.picture;
    await image.decode();
    const tile = new Image();
    tile.src = data.border === "reflect" ? mirrored(image) : data.picture;
    // Without a wait the frame would be black until the picture is decoded.
    await tile.decode();
    frame.style.backgroundImage = `url(${tile.src})`;
    frame.style.backgroundRepeat = data.border === "black" ? "no-repeat" : "repeat";
    frame.dataset.border = data.border;
    draw();
  };
  if (image.src !== data.picture || frame.dataset.border !== data.border) show();
  // A page in the background, or one that is turned, has another width later.
  frame.observer?.disconnect();
  frame.observer = new ResizeObserver(draw);
  frame.observer.observe(frame);

  const clamp = (value, least, most) => Math.min(most, Math.max(least, value));
  const toPixels = (fraction, side) => Math.round(clamp(fraction, -1, 1) * side) / side;
  const move = (change) => {
    const view = { ...hand.view, ...change };
    view.right = toPixels(view.right, data.width);
    view.down = toPixels(view.down, data.height);
    view.enlarged = clamp(Math.round(10 * view.enlarged) / 10, 1, data.most);
    hand.view = view;
    draw();
  };
  const send = () => {
    hand.sent = Date.now();
    hand.awaited = { ...hand.view };
    setStateValue("view", { ...hand.view });
  };
  const moveAndSend = (change) => { move(change); send(); };

  frame.onpointerdown = (event) => {
    frame.setPointerCapture(event.pointerId);
    hand.start = { x: event.clientX, y: event.clientY, ...hand.view };
  };
  frame.onpointermove = (event) => {
    if (!hand.start) return;
    move({
      right: hand.start.right + (event.clientX - hand.start.x) / frame.clientWidth,
      down: hand.start.down + (event.clientY - hand.start.y) / frame.clientHeight,
    });
    // Scores follow the hand.
    if (Date.now() - hand.sent >= PAUSE) send();
  };
  frame.onpointerup = frame.onpointercancel = () => { if (hand.start) { hand.start = null; send(); } };
  frame.onkeydown = (event) => {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = steps[event.key];
    if (step) {
      event.preventDefault();
      moveAndSend({ right: hand.view.right + step[0] / data.width, down: hand.view.down + step[1] / data.height });
    }
  };
  find(".plus").onclick = () => moveAndSend({ enlarged: hand.view.enlarged + 0.5 });
  find(".minus").onclick = () => moveAndSend({ enlarged: hand.view.enlarged - 0.5 });
  find(".reset").onclick = () => moveAndSend({ right: 0, down: 0, enlarged: 1 });
  draw();
}
