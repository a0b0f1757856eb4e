import Testing
import UploadTestSupport

@testable import MD5Lanes

@Suite struct RunningMD5Tests {
    /// RFC 1321, appendix A.5.
    @Test(arguments: [
        ("", "d41d8cd98f00b204e9800998ecf8427e"),
        ("a", "0cc175b9c0f1b6a831c399e269772661"),
        ("abc", "900150983cd24fb0d6963f7d28e17f72"),
        ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
        (
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"
        ),
        (
            "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
            "57edf4a22be3c955ac49da2e2107b67a"
        ),
    ])
    func hashesTheRFCsVectors(text: String, digest: String) {
        for kernel in Kernel.single {
            var hash = RunningMD5()
            Array(text.utf8).withUnsafeBytes { hash.update($0, using: kernel) }
            #expect(hash.digest(using: kernel).description == digest, "\(kernel)")
            #expect(hash.count == text.utf8.count)
        }
    }

    @Test(arguments: Kernel.single)
    func hashesAllShortLengths(kernel: Kernel) {
        let bytes = SeededGenerator.bytes(300)
        for length in 0...300 {
            var hash = RunningMD5()
            bytes.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0.prefix(length)), using: kernel) }
            #expect(Array(hash.digest(using: kernel)) == reference(bytes.prefix(length)), "\(length) bytes")
        }
    }

    @Test(arguments: UInt64(0)..<40)
    func splitsMakeNoDifference(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let bytes = SeededGenerator.bytes(Int.random(in: 0...5000, using: &generator), seed: seed)
        var hash = RunningMD5()
        bytes.withUnsafeBytes {
            var taken = 0
            for part in split($0, &generator) {
                hash.update(part)
                taken += part.count
                // A digest in between is that of the bytes so far, and disturbs nothing.
                #expect(Array(hash.digest) == reference(bytes.prefix(taken)), "\(taken) of \(bytes.count) bytes")
            }
        }
        #expect(Array(hash.digest) == reference(bytes))
        #expect(hash.count == bytes.count)
    }

    @Test func copiesGoTheirOwnWays() {
        var hash = RunningMD5()
        let bytes = SeededGenerator.bytes(200)
        bytes.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0.prefix(100))) }
        let copy = hash
        bytes.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0.dropFirst(100))) }
        #expect(Array(copy.digest) == reference(bytes.prefix(100)))
        #expect(Array(hash.digest) == reference(bytes))
    }

    /// The number of bits has more than 32 bits: only states that are resumed get there in a test.
    @Test func countsBeyondFourGigabytes() throws {
        let state = try #require(MidState(hex: "00112233445566778899aabbccddeeff", bytes: 1 << 33))
        var hash = RunningMD5(resuming: state)
        [UInt8(7)].withUnsafeBytes { hash.update($0) }
        #expect(hash.count == 1 << 33 + 1)

        // The last chunk as RFC 1321, sections 3.1 and 3.2, has it: 2^36 + 8 bits.
        let last: [UInt8] = [7, 0x80] + [UInt8](repeating: 0, count: 54) + [8, 0, 0, 0, 16, 0, 0, 0]
        var expected = RunningMD5(resuming: state)
        last.withUnsafeBytes { expected.update($0) }
        #expect(hash.digest.description == expected.midState.hex)
    }
}
