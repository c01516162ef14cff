// Loads the script that draws charts before the first chart has to wait for it.
const QUIET = 3000; // Milliseconds without a hand on the page: reading the script keeps the browser busy for a second.
const HANDS = ["pointermove", "pointerdown", "keydown", "wheel", "touchmove"];

function preloadCharts(file) {
  const streamlit = document.querySelector('script[type="module"][src*="/static/js/"]');
  if (!file || !streamlit || window.tfpoolCharts) return;
  window.tfpoolCharts = true;
  let timer;
  const load = () => {
    if (!document.querySelector('[data-test-script-state="notRunning"]')) return wait();
    for (const hand of HANDS) removeEventListener(hand, wait);
    // The first chart reports a script that cannot be loaded.
    import(new URL(file, streamlit.src)).catch(() => {});
  };
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(load, QUIET);
  };
  for (const hand of HANDS) addEventListener(hand, wait, { passive: true });
  wait();
}
