// A page in a cell of a notebook, live: what it asks goes to the kernel, what the kernel says comes back to it.
// For anywidget, which calls `render` with a `model` that sends and hears custom messages.

/** @param {{model: any, el: HTMLElement}} cell @returns {() => void} what ends it */
function render({ model, el }) {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts");
  frame.style.cssText = "width: 100%; height: 640px; border: 0; border-radius: 6px";
  el.append(frame);
  const own = String(Math.random());

  const fromPage = ({ source, data }) => {
    if (source !== frame.contentWindow) return;
    const { body, ...question } = data;
    model.send(question, undefined, body ? [body] : []);
  };
  const fromKernel = (message, buffers) => {
    const view = buffers?.[0];
    const bytes = view && new Uint8Array(view.buffer ?? view, view.byteOffset ?? 0, view.byteLength).slice();
    if (message.id === own) frame.srcdoc = new TextDecoder().decode(bytes);
    else frame.contentWindow?.postMessage({ ...message, body: bytes?.buffer }, "*");
  };
  window.addEventListener("message", fromPage);
  model.on("msg:custom", fromKernel);
  model.send({ id: own, name: "page", words: "" });
  return () => {
    window.removeEventListener("message", fromPage);
    model.off("msg:custom", fromKernel);
  };
}

export default { render };
