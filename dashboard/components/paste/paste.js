// Pictures from the clipboard, by the button or by Ctrl+V anywhere on the page, put into a file uploader of the page.

// Streamlit's uploader takes files by its input alone.
function hand(uploader, files) {
  const input = document.querySelector(`.st-key-${uploader} input[type="file"]`);
  if (!input) return;
  const transfer = new DataTransfer();
  files.forEach((file) => transfer.items.add(file));
  input.files = transfer.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button"), status = parentElement.querySelector(".status");
  const isPicture = (type) => type.startsWith("image/");

  const onPaste = (event) => {
    const files = [...(event.clipboardData?.files ?? [])].filter((file) => isPicture(file.type));
    // Text belongs to the control that it is pasted into.
    if (!files.length) return;
    event.preventDefault();
    hand(data.uploader, files);
  };
  // A page that runs again calls this function again.
  parentElement.stop?.();
  document.addEventListener("paste", onPaste);
  parentElement.stop = () => document.removeEventListener("paste", onPaste);

  button.onclick = async () => {
    status.textContent = "";
    try {
      const items = await navigator.clipboard.read(), files = [];
      for (const item of items) {
        const type = item.types.find(isPicture);
        if (type) files.push(new File([await item.getType(type)], `pasted picture.${type.slice(6)}`, { type }));
      }
      if (files.length) hand(data.uploader, files);
      else status.textContent = "The clipboard holds no picture.";
    } catch {
      status.textContent = "The browser does not let this page read the clipboard. Press Ctrl+V instead.";
    }
  };
  return () => parentElement.stop();
}
