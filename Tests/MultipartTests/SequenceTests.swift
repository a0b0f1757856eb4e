import Multipart
import NIOCore
import Testing

@Suite struct SequenceTests {
    private static let form = "--B\r\nContent-Disposition: form-data; name=a\r\n\r\nbody\r\n--B--"

    /// Yields chunks, then ends or fails; remembers how far it was read.
    private final class Source: AsyncSequence, AsyncIteratorProtocol {
        private var chunks: ArraySlice<String>
        private let failure: (any Error)?
        private(set) var isExhausted = false

        init(_ chunks: [String], failure: (any Error)? = nil) {
            self.chunks = chunks[...]
            self.failure = failure
        }

        func makeAsyncIterator() -> Source { self }

        func next() async throws -> ByteBuffer? {
            if let chunk = chunks.popFirst() { return ByteBuffer(string: chunk) }
            isExhausted = true
            if let failure { throw failure }
            return nil
        }
    }

    private struct BaseError: Error {}

    @Test func yieldsTheEventsOfTheParser() async throws {
        var events: [MultipartEvent] = []
        let sequence = MultipartSequence(Source(Self.form.map { "\($0)" }), boundary: "B")
        for try await event in sequence { events.append(event) }
        var form = Collected()
        for event in events { form.add(event) }
        #expect(form == Collected(Self.form))
    }

    @Test func epilogueIsReadOnlyWhenAskedFor() async throws {
        let source = Source([Self.form, "epilogue", "\r\n--Bx"])
        var iterator = MultipartSequence(source, boundary: "B").makeAsyncIterator()
        while let event = try await iterator.next(), event != .end {}
        #expect(!source.isExhausted)
        #expect(try await iterator.next() == nil)
        #expect(source.isExhausted)
        #expect(try await iterator.next() == nil)
    }

    @Test func anEpilogueWithoutEndIsNotReadToIt() async throws {
        let source = Source([Self.form + "0123", "456789", "a", "never asked for"])
        let limits = MultipartLimits(maxEpilogueBytes: 10)
        var iterator = MultipartSequence(source, boundary: "B", limits: limits).makeAsyncIterator()
        while let event = try await iterator.next(), event != .end {}
        await #expect(throws: MultipartError.epilogueTooLarge) { try await iterator.next() }
        #expect(try await iterator.next() == nil)
        #expect(!source.isExhausted)
    }

    @Test func errorOfTheBasePassesThrough() async throws {
        for chunks in [[], ["--B\r\n"], [Self.form], [Self.form, "epilogue"]] {
            var iterator = MultipartSequence(Source(chunks, failure: BaseError()), boundary: "B").makeAsyncIterator()
            await #expect(throws: BaseError.self) { while try await iterator.next() != nil {} }
            #expect(try await iterator.next() == nil)
        }
    }

    @Test func baseThatEndsTooSoonIsTruncated() async throws {
        for length in 0..<Self.form.utf8.count {
            let source = Source([String(decoding: Self.form.utf8.prefix(length), as: UTF8.self)])
            var iterator = MultipartSequence(source, boundary: "B").makeAsyncIterator()
            await #expect(throws: MultipartError.truncated) { while try await iterator.next() != nil {} }
            #expect(try await iterator.next() == nil)
        }
    }

    @Test func malformedInputEndsTheSequence() async throws {
        let source = Source(["--Bx", Self.form])
        var iterator = MultipartSequence(source, boundary: "B").makeAsyncIterator()
        await #expect(throws: MultipartError.malformedBoundaryLine) { try await iterator.next() }
        #expect(try await iterator.next() == nil)
        #expect(!source.isExhausted)
    }

    @Test func isSendableWhenItsBaseIs() {
        func requireSendable(_: some Sendable) {}
        requireSendable(MultipartSequence(AsyncStream<ByteBuffer> { $0.finish() }, boundary: "B"))
    }
}
