public import NIOCore

/// The events of a `multipart/form-data` body that arrives as a sequence of chunks.
///
/// A chunk is asked for only when all events of those before it have been taken, so the pace of the consumer is the
/// pace of the sender.
///
/// When the consumer asks for what follows ``MultipartEvent/end``, the rest of the base is read and dropped, as an HTTP
/// connection can be used again only if the whole request has been read; then the sequence ends. It may have as many
/// bytes as ``MultipartLimits/maxEpilogueBytes``.
///
/// It throws ``MultipartError``, with ``MultipartError/truncated`` if the base ends too soon, and whatever the base
/// throws, unchanged. After an error it has ended, and the rest of the base is left unread.
public struct MultipartSequence<Base: AsyncSequence>: AsyncSequence where Base.Element == ByteBuffer {
    /// What the parser finds.
    public typealias Element = MultipartEvent
    /// ``MultipartError``, or an error of the base.
    public typealias Failure = any Error

    private let base: Base
    private let boundary: String
    private let limits: MultipartLimits

    /// Creates a sequence; see ``MultipartParser/init(boundary:limits:)`` for the parameters.
    public init(_ base: Base, boundary: String, limits: MultipartLimits = .init()) {
        self.base = base
        self.boundary = boundary
        self.limits = limits
    }

    /// Starts reading the base.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: base.makeAsyncIterator(), parser: MultipartParser(boundary: boundary, limits: limits))
    }
}

extension MultipartSequence: Sendable where Base: Sendable {}

extension MultipartSequence {
    /// The iterator of a ``MultipartSequence``.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private var base: Base.AsyncIterator
        private var parser: MultipartParser
        private var isFinished = false

        fileprivate init(base: Base.AsyncIterator, parser: MultipartParser) {
            self.base = base
            self.parser = parser
        }

        /// The next event; see ``MultipartSequence`` for how it ends and what it throws.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws -> MultipartEvent? {
            guard !isFinished else { return nil }
            do {
                let event = try await parse(isolation: actor)
                isFinished = event == nil
                return event
            } catch {
                isFinished = true
                throw error
            }
        }

        private mutating func parse(isolation actor: isolated (any Actor)?) async throws -> MultipartEvent? {
            while true {
                if let event = try parser.next() { return event }
                guard let chunk = try await base.next(isolation: actor) else {
                    try parser.finish()
                    return nil
                }
                parser.append(chunk)
            }
        }
    }
}
