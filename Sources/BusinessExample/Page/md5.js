/** MD5 (RFC 1321) of bytes that come piece by piece. Browsers have none: crypto.subtle leaves it out. */

const rotate = (x, by) => (x << by) | (x >>> (32 - by));
const f = (a, b, c, d, word, sine, by) => (rotate((a + (d ^ (b & (c ^ d))) + word + sine) | 0, by) + b) | 0;
const g = (a, b, c, d, word, sine, by) => (rotate((a + (c ^ (d & (b ^ c))) + word + sine) | 0, by) + b) | 0;
const h = (a, b, c, d, word, sine, by) => (rotate((a + (b ^ c ^ d) + word + sine) | 0, by) + b) | 0;
const i = (a, b, c, d, word, sine, by) => (rotate((a + (c ^ (b | ~d)) + word + sine) | 0, by) + b) | 0;

export class MD5 {
    #state = new Int32Array([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]);
    /** Bytes that fill no block of 64 yet. */
    #rest = new Uint8Array(64);
    #length = 0;

    update(bytes) {
        const held = this.#length % 64;
        this.#length += bytes.length;
        let at = 0;
        if (held > 0) {
            at = Math.min(64 - held, bytes.length);
            this.#rest.set(bytes.subarray(0, at), held);
            if (held + at < 64) return this;
            this.#take(this.#rest);
        }
        const whole = bytes.length - ((bytes.length - at) % 64);
        this.#take(bytes.subarray(at, whole));
        this.#rest.set(bytes.subarray(whole));
        return this;
    }

    /** The hash in lower case; nothing may be added after it. */
    hex() {
        const held = this.#length % 64;
        const end = new Uint8Array(held < 56 ? 64 : 128);
        end.set(this.#rest.subarray(0, held));
        end[held] = 0x80;
        const view = new DataView(end.buffer);
        // In bits. Beyond 2^32, where `|` would cut; a double has room for files of 2^53 bytes.
        view.setUint32(end.length - 8, (this.#length * 8) % 0x100000000, true);
        view.setUint32(end.length - 4, Math.floor(this.#length / 0x20000000), true);
        this.#take(end);
        const digest = new DataView(new ArrayBuffer(16));
        this.#state.forEach((word, index) => digest.setInt32(index * 4, word, true));
        return Array.from(new Uint8Array(digest.buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
    }

    /** Takes whole blocks of 64 bytes. Written out step by step: with tables and loops it takes four times as long. */
    #take(bytes) {
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        let [a, b, c, d] = this.#state;
        for (let at = 0; at < bytes.length; at += 64) {
            const x0 = view.getInt32(at, true);
            const x1 = view.getInt32(at + 4, true);
            const x2 = view.getInt32(at + 8, true);
            const x3 = view.getInt32(at + 12, true);
            const x4 = view.getInt32(at + 16, true);
            const x5 = view.getInt32(at + 20, true);
            const x6 = view.getInt32(at + 24, true);
            const x7 = view.getInt32(at + 28, true);
            const x8 = view.getInt32(at + 32, true);
            const x9 = view.getInt32(at + 36, true);
            const x10 = view.getInt32(at + 40, true);
            const x11 = view.getInt32(at + 44, true);
            const x12 = view.getInt32(at + 48, true);
            const x13 = view.getInt32(at + 52, true);
            const x14 = view.getInt32(at + 56, true);
            const x15 = view.getInt32(at + 60, true);
            const a0 = a;
            const b0 = b;
            const c0 = c;
            const d0 = d;
            a = f(a, b, c, d, x0, 0xd76aa478, 7);
            d = f(d, a, b, c, x1, 0xe8c7b756, 12);
            c = f(c, d, a, b, x2, 0x242070db, 17);
            b = f(b, c, d, a, x3, 0xc1bdceee, 22);
            a = f(a, b, c, d, x4, 0xf57c0faf, 7);
            d = f(d, a, b, c, x5, 0x4787c62a, 12);
            c = f(c, d, a, b, x6, 0xa8304613, 17);
            b = f(b, c, d, a, x7, 0xfd469501, 22);
            a = f(a, b, c, d, x8, 0x698098d8, 7);
            d = f(d, a, b, c, x9, 0x8b44f7af, 12);
            c = f(c, d, a, b, x10, 0xffff5bb1, 17);
            b = f(b, c, d, a, x11, 0x895cd7be, 22);
            a = f(a, b, c, d, x12, 0x6b901122, 7);
            d = f(d, a, b, c, x13, 0xfd987193, 12);
            c = f(c, d, a, b, x14, 0xa679438e, 17);
            b = f(b, c, d, a, x15, 0x49b40821, 22);
            a = g(a, b, c, d, x1, 0xf61e2562, 5);
            d = g(d, a, b, c, x6, 0xc040b340, 9);
            c = g(c, d, a, b, x11, 0x265e5a51, 14);
            b = g(b, c, d, a, x0, 0xe9b6c7aa, 20);
            a = g(a, b, c, d, x5, 0xd62f105d, 5);
            d = g(d, a, b, c, x10, 0x02441453, 9);
            c = g(c, d, a, b, x15, 0xd8a1e681, 14);
            b = g(b, c, d, a, x4, 0xe7d3fbc8, 20);
            a = g(a, b, c, d, x9, 0x21e1cde6, 5);
            d = g(d, a, b, c, x14, 0xc33707d6, 9);
            c = g(c, d, a, b, x3, 0xf4d50d87, 14);
            b = g(b, c, d, a, x8, 0x455a14ed, 20);
            a = g(a, b, c, d, x13, 0xa9e3e905, 5);
            d = g(d, a, b, c, x2, 0xfcefa3f8, 9);
            c = g(c, d, a, b, x7, 0x676f02d9, 14);
            b = g(b, c, d, a, x12, 0x8d2a4c8a, 20);
            a = h(a, b, c, d, x5, 0xfffa3942, 4);
            d = h(d, a, b, c, x8, 0x8771f681, 11);
            c = h(c, d, a, b, x11, 0x6d9d6122, 16);
            b = h(b, c, d, a, x14, 0xfde5380c, 23);
            a = h(a, b, c, d, x1, 0xa4beea44, 4);
            d = h(d, a, b, c, x4, 0x4bdecfa9, 11);
            c = h(c, d, a, b, x7, 0xf6bb4b60, 16);
            b = h(b, c, d, a, x10, 0xbebfbc70, 23);
            a = h(a, b, c, d, x13, 0x289b7ec6, 4);
            d = h(d, a, b, c, x0, 0xeaa127fa, 11);
            c = h(c, d, a, b, x3, 0xd4ef3085, 16);
            b = h(b, c, d, a, x6, 0x04881d05, 23);
            a = h(a, b, c, d, x9, 0xd9d4d039, 4);
            d = h(d, a, b, c, x12, 0xe6db99e5, 11);
            c = h(c, d, a, b, x15, 0x1fa27cf8, 16);
            b = h(b, c, d, a, x2, 0xc4ac5665, 23);
            a = i(a, b, c, d, x0, 0xf4292244, 6);
            d = i(d, a, b, c, x7, 0x432aff97, 10);
            c = i(c, d, a, b, x14, 0xab9423a7, 15);
            b = i(b, c, d, a, x5, 0xfc93a039, 21);
            a = i(a, b, c, d, x12, 0x655b59c3, 6);
            d = i(d, a, b, c, x3, 0x8f0ccc92, 10);
            c = i(c, d, a, b, x10, 0xffeff47d, 15);
            b = i(b, c, d, a, x1, 0x85845dd1, 21);
            a = i(a, b, c, d, x8, 0x6fa87e4f, 6);
            d = i(d, a, b, c, x15, 0xfe2ce6e0, 10);
            c = i(c, d, a, b, x6, 0xa3014314, 15);
            b = i(b, c, d, a, x13, 0x4e0811a1, 21);
            a = i(a, b, c, d, x4, 0xf7537e82, 6);
            d = i(d, a, b, c, x11, 0xbd3af235, 10);
            c = i(c, d, a, b, x2, 0x2ad7d2bb, 15);
            b = i(b, c, d, a, x9, 0xeb86d391, 21);
            a = (a + a0) | 0;
            b = (b + b0) | 0;
            c = (c + c0) | 0;
            d = (d + d0) | 0;
        }
        this.#state.set([a, b, c, d]);
    }
}
