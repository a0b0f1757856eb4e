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
    var bytewise: [ByteBuffer] { map { ByteBuffer(bytes: [$0]) } }

    /// Chunks of random lengths, some of them empty.
    func split(upTo maxLength: Int, using generator: inout some RandomNumberGenerator) -> [ByteBuffer] {
        var rest = self[...]
        var chunks: [ByteBuffer] = []
        while !rest.isEmpty {
            let length = Int.random(in: 0...maxLength, using: &generator)
            chunks.append(ByteBuffer(bytes: rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return chunks
    }
}
