import Multipart
import NIOCore

/// What came out of a parser, without how bodies were divided.
struct Collected: Equatable {
    struct Part: Equatable {
        var header: MultipartPartHeader
        var body: [UInt8] = []
        var isComplete = false
    }

    var parts: [Part] = []
    var isComplete = false
    var error: MultipartError?

    /// Whether events came in an order that the contract rules out.
    private(set) var isOutOfOrder = false

    init(error: MultipartError? = nil) {
        self.error = error
    }

    mutating func add(_ event: MultipartEvent) {
        let isInPart = parts.last?.isComplete == false
        switch event {
        case .partBegin(let header):
            isOutOfOrder = isOutOfOrder || isInPart || isComplete
            parts.append(Part(header: header))
        case .body(let bytes):
            isOutOfOrder = isOutOfOrder || !isInPart || bytes.readableBytes == 0
            if isInPart { parts[parts.count - 1].body += bytes.readableBytesView }
        case .partEnd:
            isOutOfOrder = isOutOfOrder || !isInPart
            if isInPart { parts[parts.count - 1].isComplete = true }
        case .end:
            isOutOfOrder = isOutOfOrder || isInPart || isComplete
            isComplete = true
        }
    }
}

extension Collected {
    /// Parses chunks to the end or to the first error.
    init(chunks: [ByteBuffer], boundary: String, limits: MultipartLimits = .init()) {
        var parser = MultipartParser(boundary: boundary, limits: limits)
        do throws(MultipartError) {
            for chunk in chunks {
                parser.append(chunk)
                while let event = try parser.next() { add(event) }
            }
            try parser.finish()
        } catch {
            self.error = error
        }
        isOutOfOrder = isOutOfOrder || !isFinal(&parser)
    }

    /// Whether a parser that is done says the same again, whatever comes; at most that this is too much now.
    private func isFinal(_ parser: inout MultipartParser) -> Bool {
        parser.append(ByteBuffer(string: "\r\n--B\r\n"))
        do throws(MultipartError) {
            return try parser.next() == nil && error == nil
        } catch {
            return error == self.error ?? .epilogueTooLarge
        }
    }

    init(_ input: some Collection<UInt8>, boundary: String = "B", limits: MultipartLimits = .init()) {
        self.init(chunks: [ByteBuffer(bytes: input)], boundary: boundary, limits: limits)
    }

    init(_ input: String, boundary: String = "B", limits: MultipartLimits = .init()) {
        self.init(input.utf8, boundary: boundary, limits: limits)
    }
}

extension Collection<UInt8> {
    /// Every byte a chunk of its own.
    var bytewise: [ByteBuffer] { split { 1 } }

    /// Chunks of random lengths, some of them empty.
    func split(upTo maxLength: Int, using generator: inout some RandomNumberGenerator) -> [ByteBuffer] {
        split { Int.random(in: 0...maxLength, using: &generator) }
    }

    /// Chunks of the given lengths.
    func split(_ nextLength: () -> Int) -> [ByteBuffer] {
        var rest = ByteBuffer(bytes: self)
        var chunks: [ByteBuffer] = []
        while rest.readableBytes > 0 {
            guard let chunk = rest.readSlice(length: Swift.min(nextLength(), rest.readableBytes)) else { break }
            chunks.append(chunk)
        }
        return chunks
    }
}
