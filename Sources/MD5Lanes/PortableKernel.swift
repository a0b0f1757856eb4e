internal import CMD5

/// Takes whole chunks into one state (RFC 1321, section 3.4), on any processor.
func takePortably(_ chunks: UnsafeRawBufferPointer, into state: inout md5_state) {
    for start in stride(from: 0, to: chunks.count, by: RunningMD5.chunk) {
        let chunk = Chunk(bytes: UnsafeRawBufferPointer(rebasing: chunks[start..<start + RunningMD5.chunk]))
        let before = state
        chunk.round(0, in: &state, words: { $0 }, shifts: (7, 12, 17, 22)) { $2 ^ ($0 & ($1 ^ $2)) }
        chunk.round(1, in: &state, words: { 5 * $0 + 1 }, shifts: (5, 9, 14, 20)) { ($1 & ~$2) | ($0 & $2) }
        chunk.round(2, in: &state, words: { 3 * $0 + 5 }, shifts: (4, 11, 16, 23)) { $0 ^ ($1 ^ $2) }
        chunk.round(3, in: &state, words: { 7 * $0 }, shifts: (6, 10, 15, 21)) { $1 ^ ($0 | ~$2) }
        state.a &+= before.a
        state.b &+= before.b
        state.c &+= before.c
        state.d &+= before.d
    }
}

private struct Chunk {
    let bytes: UnsafeRawBufferPointer

    /// 16 steps, four of them in each turn.
    ///
    /// - Parameters:
    ///   - words: The word of the chunk that a step of the round takes, modulo 16.
    ///   - mix: The round's function of b, c and d.
    @inline(__always)
    func round(
        _ number: Int, in state: inout md5_state, words: (Int) -> Int, shifts: (UInt32, UInt32, UInt32, UInt32),
        _ mix: (UInt32, UInt32, UInt32) -> UInt32
    ) {
        func step(_ index: Int, _ sum: UInt32, _ mixed: UInt32, _ shift: UInt32, _ addend: UInt32) -> UInt32 {
            let offset = words(index) % 16 * 4
            let word = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            let turned = sum &+ word &+ constants[16 * number + index] &+ mixed
            return (turned << shift | turned >> (32 - shift)) &+ addend
        }
        var (a, b, c, d) = (state.a, state.b, state.c, state.d)
        for index in stride(from: 0, to: 16, by: 4) {
            a = step(index, a, mix(b, c, d), shifts.0, b)
            d = step(index + 1, d, mix(a, b, c), shifts.1, a)
            c = step(index + 2, c, mix(d, a, b), shifts.2, d)
            b = step(index + 3, b, mix(c, d, a), shifts.3, c)
        }
        state = md5_state(a: a, b: b, c: c, d: d)
    }
}

/// floor(2^32 * |sin(i)|), i from 1 to 64.
private let constants: InlineArray<64, UInt32> = [
    0xd76a_a478, 0xe8c7_b756, 0x2420_70db, 0xc1bd_ceee, 0xf57c_0faf, 0x4787_c62a, 0xa830_4613, 0xfd46_9501,
    0x6980_98d8, 0x8b44_f7af, 0xffff_5bb1, 0x895c_d7be, 0x6b90_1122, 0xfd98_7193, 0xa679_438e, 0x49b4_0821,
    0xf61e_2562, 0xc040_b340, 0x265e_5a51, 0xe9b6_c7aa, 0xd62f_105d, 0x0244_1453, 0xd8a1_e681, 0xe7d3_fbc8,
    0x21e1_cde6, 0xc337_07d6, 0xf4d5_0d87, 0x455a_14ed, 0xa9e3_e905, 0xfcef_a3f8, 0x676f_02d9, 0x8d2a_4c8a,
    0xfffa_3942, 0x8771_f681, 0x6d9d_6122, 0xfde5_380c, 0xa4be_ea44, 0x4bde_cfa9, 0xf6bb_4b60, 0xbebf_bc70,
    0x289b_7ec6, 0xeaa1_27fa, 0xd4ef_3085, 0x0488_1d05, 0xd9d4_d039, 0xe6db_99e5, 0x1fa2_7cf8, 0xc4ac_5665,
    0xf429_2244, 0x432a_ff97, 0xab94_23a7, 0xfc93_a039, 0x655b_59c3, 0x8f0c_cc92, 0xffef_f47d, 0x8584_5dd1,
    0x6fa8_7e4f, 0xfe2c_e6e0, 0xa301_4314, 0x4e08_11a1, 0xf753_7e82, 0xbd3a_f235, 0x2ad7_d2bb, 0xeb86_d391,
]
