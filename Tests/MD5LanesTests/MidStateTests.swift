import MD5Lanes
import Testing
import UploadTestSupport

@Suite struct MidStateTests {
    @Test(arguments: UInt64(0)..<200)
    func goesOnWhereItWas(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let bytes = SeededGenerator.bytes(Int.random(in: 0...2000, using: &generator), seed: seed)
        try bytes.withUnsafeBytes { bytes in
            var hash = RunningMD5()
            var point = 0
            for part in split(bytes, &generator) {
                hash.update(part)
                point += part.count
                let exported = hash.midState
                #expect(exported.bytes == Int64(point - point % 64))

                let state = try #require(MidState(hex: exported.hex, bytes: exported.bytes))
                #expect(state == exported)
                var resumed = RunningMD5(resuming: state)
                #expect(resumed.count == state.bytes)
                for part in split(UnsafeRawBufferPointer(rebasing: bytes[Int(state.bytes)...]), &generator) {
                    resumed.update(part)
                }
                #expect(Array(resumed.digest) == reference(bytes), "resumed at \(state.bytes)")
            }
            #expect(Array(hash.digest) == reference(bytes))
        }
    }

    /// The state of no bytes is RFC 1321's, section 3.3, in the order of bytes in which it is given there.
    @Test func writesTheBytesInTheRFCsOrder() {
        #expect(RunningMD5().midState.hex == "0123456789abcdeffedcba9876543210")
        #expect(RunningMD5().midState.bytes == 0)
    }

    /// The padding of 56 bytes is a chunk of its own in the end: the state after it is the digest.
    @Test func isTheDigestAfterThePadding() {
        var padded = Array("abc".utf8) + [0x80] + [UInt8](repeating: 0, count: 60)
        padded[56] = 24
        var hash = RunningMD5()
        padded.withUnsafeBytes { hash.update($0) }
        #expect(hash.midState.hex == "900150983cd24fb0d6963f7d28e17f72")
    }

    @Test(arguments: [
        "", "0", "0123456789abcdeffedcba987654321", "0123456789abcdeffedcba98765432100",
        "0123456789ABCDEFFEDCBA9876543210", "0123456789abcdeffedcba987654321g", " 123456789abcdeffedcba9876543210",
        "0x23456789abcdeffedcba9876543210", "+123456789abcdeffedcba9876543210", "0123456789abcdeffedcba987654321é",
        "0123456789abcdeffedcba98765432١", "0123456789abcdeffedcba987654321\0", "0123456789abcdeffedcba987654321/",
        "0123456789abcdeffedcba987654321:", "0123456789abcdeffedcba987654321`",
    ])
    func refusesOtherText(text: String) {
        #expect(MidState(hex: text, bytes: 64) == nil)
    }

    @Test(arguments: [1, 63, 65, -1, -64, .min, .max, 1 << 61] as [Int64])
    func refusesOtherNumbers(bytes: Int64) {
        #expect(MidState(hex: "0123456789abcdeffedcba9876543210", bytes: bytes) == nil)
    }

    @Test func takesTheLargestNumber() {
        #expect(MidState(hex: "0123456789abcdeffedcba9876543211", bytes: 1 << 61 - 64) != nil)
    }

    @Test func refusesAnotherBeginning() {
        #expect(MidState(hex: "0123456789abcdeffedcba9876543211", bytes: 0) == nil)
        #expect(MidState(hex: "0123456789abcdeffedcba9876543210", bytes: 0) == RunningMD5().midState)
    }
}
