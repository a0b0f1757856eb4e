/** Where the lines of a chart go: round numbers, and round hours of the reader's clock. */

/** The step between lines, so that no more than four are needed up to `top`. */
function step(top, base) {
    const least = top / 4;
    const factors = base === 1024 ? [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] : [1, 2, 5];
    const unit = base === 1024 ? 1024 : 10;
    for (let power = 1; ; power *= unit) {
        for (const factor of factors) if (factor * power >= least) return factor * power;
    }
}

/**
 * Values of the lines from 0 up.
 *
 * @param {1024 | 1000} base 1024 for bytes
 * @param {number} least what the uppermost is at the least
 */
export function lines(most, base, least) {
    const top = Math.max(most, least);
    const size = step(top, base);
    return Array.from({ length: Math.ceil(top / size - 1e-9) + 1 }, (_, number) => number * size);
}

/** Minutes between the marks below a chart of so many hours. */
const pauses = { 1: 10, 6: 60, 24: 240, 48: 480 };

/** Times of marks, in ms since 1970. */
export function marks(from, to, hours, isNarrow) {
    const pause = (pauses[hours] ?? hours * 10) * (isNarrow ? 2 : 1) * 60_000;
    // Round hours are those of the clock on the wall.
    const offset = new Date(to).getTimezoneOffset() * 60_000;
    const first = Math.ceil((from - offset) / pause) * pause + offset;
    const result = [];
    for (let mark = first; mark <= to; mark += pause) result.push(mark);
    return result;
}
