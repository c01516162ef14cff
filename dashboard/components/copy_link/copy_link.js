// Copies the address of the page, which holds the values of its controls.
const SHOWN = 2000; // Milliseconds for which the button says that the link is copied.

export default function ({ data, parentElement }) {
  preloadCharts(data.charts);
  const button = parentElement.querySelector("button"), label = parentElement.querySelector("span");
  const field = parentElement.querySelector("input");
  let timer;

  const say = (text) => {
    label.textContent = text;
    clearTimeout(timer);
    timer = setTimeout(() => { label.textContent = "Copy link"; }, SHOWN);
  };
  // Browsers give the clipboard to secure addresses alone, and a visitor may refuse it.
  const select = () => {
    field.hidden = false;
    field.value = location.href;
    field.focus();
    field.select();
    say("Press Ctrl+C");
  };
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(location.href);
    } catch {
      select();
      return;
    }
    field.hidden = true;
    say("Copied");
  };
  field.onblur = () => { field.hidden = true; };
  return () => clearTimeout(timer);
}
