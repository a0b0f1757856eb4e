import Multipart
import NIOCore
import Testing
import UploadTestSupport

/// Any division of the input into chunks gives what the oracle reads from the whole of it.
@Suite struct PropertyTests {
    @Test(arguments: UInt64(0)..<100)
    func formsAreReadBack(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let form = RandomForm(using: &generator)
        let whole = Collected(form.bytes, boundary: form.boundary)

        #expect(whole.error == nil && whole.isComplete)
        #expect(whole.parts == form.parts)
        expectNoFault(form.bytes, boundary: form.boundary, using: &generator)
    }

    @Test(arguments: UInt64(1000)..<1200)
    func damagedForms(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let form = RandomForm(using: &generator)
        var bytes = form.bytes
        for _ in 0...Int.random(in: 0..<3, using: &generator) {
            let index = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes.insert(Array("\r\n-\"; :".utf8).randomElement(using: &generator) ?? 0, at: index)
            default: if bytes.count > 1 { bytes.remove(at: index) }
            }
        }
        let limits = MultipartLimits(maxParts: 3, maxHeaderBytes: 75, maxEpilogueBytes: 9)
        expectNoFault(bytes, boundary: form.boundary, limits: limits, using: &generator)
    }

    @Test(arguments: UInt64(2000)..<2004)
    func everyTruncationIsReported(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let form = RandomForm(using: &generator)
        let closing = Array("--\(form.boundary)--".utf8)
        let end = try #require(
            form.bytes.indices.first { form.bytes[$0...].starts(with: closing) }.map { $0 + closing.count })

        #expect(Collected(form.bytes.prefix(end), boundary: form.boundary).error == nil)
        for length in 0..<end {
            let prefix = Array(form.bytes.prefix(length))
            #expect(Collected(prefix, boundary: form.boundary).error == .truncated, "after \(length) bytes")
            #expect(MultipartCheck.fault(prefix.bytewise, of: prefix, boundary: form.boundary) == nil)
        }
    }

    @Test(arguments: UInt64(3000)..<3200)
    func noise(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let header = "Content-Disposition: form-data; name=a\r\n"
        let pieces = ["--B", "\r\n", "\r\n--B", "--", header, header + "\r\n", "\r\n\r\n", "\"", ";", "x"]
        let noise = (0..<30).flatMap { _ in Array((pieces.randomElement(using: &generator) ?? "").utf8) }
        let limits = MultipartLimits(maxEpilogueBytes: Int.random(in: 0...20, using: &generator))
        expectNoFault(noise, boundary: "B", limits: limits, using: &generator)
    }

    private func expectNoFault(
        _ bytes: [UInt8], boundary: String, limits: MultipartLimits = .init(), using generator: inout SeededGenerator,
        _ location: SourceLocation = #_sourceLocation
    ) {
        var divisions = [[ByteBuffer(bytes: bytes)], bytes.bytewise]
        for maxLength in [2, 3, 10, 50] { divisions.append(bytes.split(upTo: maxLength, using: &generator)) }
        for chunks in divisions {
            let fault = MultipartCheck.fault(chunks, of: bytes, boundary: boundary, limits: limits)
            #expect(fault == nil, sourceLocation: location)
        }
    }
}

/// What `scripts/fuzz` found interesting, and what once failed.
@Suite struct CorpusTests {
    @Test func holds() throws {
        for file in try Corpus.files("multipart") {
            #expect(MultipartCheck.fault(file.bytes) == nil, "\(file.name)")
        }
    }
}
