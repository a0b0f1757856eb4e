import Multipart
import NIOCore
import Testing

@Suite struct PropertyTests {
    @Test(arguments: UInt64(0)..<100)
    func anySplitGivesTheSameForm(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let form = Form(using: &generator)
        let whole = Collected(form.bytes, boundary: form.boundary)

        #expect(whole.error == nil)
        #expect(whole.isComplete && !whole.isOutOfOrder)
        #expect(whole.parts == form.parts)
        #expect(whole.parts.map(\.body) == bodiesByOracle(form.bytes, boundary: form.boundary))
        #expect(Collected(chunks: form.bytes.bytewise, boundary: form.boundary) == whole)
        for maxLength in [2, 3, 10, 50] {
            let chunks = form.bytes.split(upTo: maxLength, using: &generator)
            #expect(Collected(chunks: chunks, boundary: form.boundary) == whole)
        }
    }

    @Test(arguments: UInt64(1000)..<1100)
    func anySplitOfADamagedFormGivesTheSameError(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let form = Form(using: &generator)
        var bytes = form.bytes
        for _ in 0...Int.random(in: 0..<3, using: &generator) {
            let index = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes.insert(Array("\r\n-\"; :".utf8).randomElement(using: &generator) ?? 0, at: index)
            default: if bytes.count > 1 { bytes.remove(at: index) }
            }
        }
        let limits = MultipartLimits(maxParts: 3, maxHeaderBytes: 75)
        let whole = Collected(bytes, boundary: form.boundary, limits: limits)

        #expect(whole.isComplete == (whole.error == nil) && !whole.isOutOfOrder)
        #expect(Collected(chunks: bytes.bytewise, boundary: form.boundary, limits: limits) == whole)
        for maxLength in [2, 10, 50] {
            let chunks = bytes.split(upTo: maxLength, using: &generator)
            #expect(Collected(chunks: chunks, boundary: form.boundary, limits: limits) == whole)
        }
    }

    @Test(arguments: UInt64(2000)..<2004)
    func everyTruncationIsReported(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let form = Form(using: &generator)
        let closing = try #require(occurrences(of: Array("--\(form.boundary)--".utf8), in: form.bytes).first)
        let length = closing + form.boundary.utf8.count + 4

        #expect(Collected(form.bytes.prefix(length), boundary: form.boundary).error == nil)
        for end in 0..<length {
            let prefix = form.bytes.prefix(end)
            let whole = Collected(prefix, boundary: form.boundary)
            #expect(whole.error == .truncated && !whole.isComplete, "after \(end) bytes")
            #expect(Collected(chunks: prefix.bytewise, boundary: form.boundary) == whole, "after \(end) bytes")
        }
    }

    @Test(arguments: UInt64(3000)..<3100)
    func noiseNeitherHangsNorCrashes(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let header = "Content-Disposition: form-data; name=a\r\n"
        let pieces = ["--B", "\r\n", "\r\n--B", "--", header, "\r\n\r\n", "\"", ";", "x"]
        let noise = (0..<30).flatMap { _ in Array((pieces.randomElement(using: &generator) ?? "").utf8) }
        let whole = Collected(noise)

        #expect(whole.isComplete == (whole.error == nil) && !whole.isOutOfOrder)
        #expect(Collected(chunks: noise.bytewise, boundary: "B") == whole)
    }
}
