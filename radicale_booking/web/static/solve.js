// Looks for the counter whose SHA-256 of salt, nonce and counter begins as asked (ALTCHA, version 2). Written out, for
// crypto.subtle takes longer to call than one block takes to hash, and does not exist where pages come by plain http.
const bytes = hex => Uint8Array.from(hex.match(/../g) ?? [], pair => parseInt(pair, 16));
const fraction = x => ((x - Math.floor(x)) * 2 ** 32) | 0;
const primes = [];
for (let n = 2; primes.length < 64; n++) if (primes.every(prime => n % prime)) primes.push(n);
const START = primes.slice(0, 8).map(prime => fraction(Math.sqrt(prime)));
const ROUNDS = primes.map(prime => fraction(Math.cbrt(prime)));
const words = new Int32Array(64);

function hash(block) {
  for (let i = 0; i < 16; i++) words[i] = block.getInt32(4 * i);
  for (let i = 16; i < 64; i++) {
    const early = words[i - 15], late = words[i - 2];
    words[i] = words[i - 16] + words[i - 7]
      + ((early >>> 7 | early << 25) ^ (early >>> 18 | early << 14) ^ early >>> 3)
      + ((late >>> 17 | late << 15) ^ (late >>> 19 | late << 13) ^ late >>> 10);
  }
  let [a, b, c, d, e, f, g, h] = START;
  for (let i = 0; i < 64; i++) {
    const one = h + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) + (e & f ^ ~e & g)
      + ROUNDS[i] + words[i] | 0;
    const two = ((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + (a & b ^ a & c ^ b & c) | 0;
    h = g; g = f; f = e; e = d + one | 0;
    d = c; c = b; b = a; a = one + two | 0;
  }
  return [a, b, c, d, e, f, g, h].map((word, i) => word + START[i] | 0);
}

addEventListener("message", ({ data: { salt, nonce, keyPrefix } }) => {
  const begin = Date.now();
  const said = [...bytes(salt), ...bytes(nonce)];
  const block = new DataView(new ArrayBuffer(64));
  said.forEach((byte, i) => block.setUint8(i, byte));
  block.setUint8(said.length + 4, 0x80);
  block.setUint32(60, 8 * (said.length + 4));
  const first = new DataView(bytes(keyPrefix.slice(0, 8).padEnd(8, "0")).buffer).getInt32(0);
  const hex = found => found.map(word => (word >>> 0).toString(16).padStart(8, "0")).join("");
  for (let counter = 0; ; counter++) {
    block.setUint32(said.length, counter);
    const found = hash(block);
    if (found[0] === first && hex(found).startsWith(keyPrefix)) {
      postMessage({ counter, derivedKey: hex(found), time: Date.now() - begin });
      return;
    }
  }
});
