// Memory that a tab needs no more. Garbage is collected late: what is downloaded and unpacked would lie there twice.

const { port1, port2 } = new MessageChannel();
port2.close();

/** Free the memory of a buffer at once. `transfer(0)` would not: the browser's own object around the buffer keeps its memory. @param {any} buffer */
export function giveBack(buffer) {
  if (buffer.byteLength) port1.postMessage(null, [buffer]); // to nobody
}
