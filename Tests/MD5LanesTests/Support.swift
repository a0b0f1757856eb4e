import Crypto
import UploadTestSupport

@testable import MD5Lanes

extension Kernel {
    static let available = allCases.filter(\.isAvailable)
    static let single = available.filter { $0.lanes == 1 }
}

/// What this code is held against.
func reference(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    Array(Insecure.MD5.hash(data: Array(bytes)))
}

/// Cuts bytes into buffers at random places, and puts empty ones in between.
func split(_ bytes: UnsafeRawBufferPointer, _ generator: inout SeededGenerator) -> [UnsafeRawBufferPointer] {
    let cuts = (0..<Int.random(in: 0...8, using: &generator)).map { _ in
        // Many close together: near the beginning, so that several of them fall into one chunk.
        Int.random(in: 0...(Bool.random(using: &generator) ? bytes.count : min(bytes.count, 200)), using: &generator)
    }
    let borders = ([0, bytes.count] + cuts).sorted()
    return zip(borders, borders.dropFirst()).map { UnsafeRawBufferPointer(rebasing: bytes[$0..<$1]) }
}
