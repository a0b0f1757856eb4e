import Multipart
import NIOCore

/// Holds the parser against the oracle, for the tests and for `scripts/fuzz`.
enum MultipartCheck {
    /// Divides the input as ``MultipartInput`` says, and parses it.
    ///
    /// - Returns: What is wrong with the parser; `nil` when nothing is.
    static func fault(_ bytes: [UInt8]) -> String? {
        let input = MultipartInput(bytes)
        let boundary: String
        switch (input.parsedBoundary, input.expectedBoundary) {
        case (.success(let parsed), .success(let expected)) where parsed == expected: boundary = parsed
        case (.failure(let error), .failure(let expected)) where error == expected: return nil
        default: return "boundary: \(input.parsedBoundary), not \(input.expectedBoundary)"
        }
        let body = Array(input.body)
        for chunks in [[ByteBuffer(bytes: body)], input.chunks] {
            if let fault = fault(chunks, of: body, boundary: boundary, limits: input.limits) { return fault }
        }
        return nil
    }

    /// Parses a form in the given chunks.
    static func fault(
        _ chunks: [ByteBuffer], of form: [UInt8], boundary: String, limits: MultipartLimits = .init()
    ) -> String? {
        let expected = MultipartOracle.read(form, boundary: boundary, limits: limits)
        let collected = Collected(chunks: chunks, boundary: boundary, limits: limits)
        if collected.isOutOfOrder { return "events out of order: \(collected)" }
        if collected != expected { return "in \(chunks.count) chunks: \(collected), not \(expected)" }
        return nil
    }
}

/// What a fuzzer's bytes mean: a boundary, limits, a division into chunks, and the form itself.
///
/// The first byte is the number of a boundary; a printable one begins a line with a content type instead. The second
/// chooses limits, the third says how many bytes of chunk lengths follow. The rest is the form.
struct MultipartInput {
    private static let boundaries = [
        "B", "boundary", "----WebKitFormBoundary7MA4YWxkTrZu0gW", "-", "--", "a b", "'()+_,-./:=?", "BB", "\r\n", "",
        String(repeating: "a", count: 70), String(repeating: "a", count: 71),
    ]
    private static let partLimits = [32, 0, 1, 2, 3]
    private static let headerLimits = [8192, 0, 1, 10, 38, 39, 75, 200]
    private static let epilogueLimits = [10, 0, 1, 100]

    let contentType: String
    let limits: MultipartLimits
    let chunkLengths: [Int]
    let body: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        var rest = bytes[...]
        if let first = rest.first, first >= UInt8(ascii: " ") {
            contentType = String(decoding: rest.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            rest = rest.dropFirst(contentType.utf8.count + 1)
        } else {
            let number = Int(rest.popFirst() ?? 0) % Self.boundaries.count
            contentType = "multipart/form-data; boundary=\"\(Self.boundaries[number])\""
        }
        let choice = Int(rest.popFirst() ?? 0)
        limits = MultipartLimits(
            maxParts: Self.partLimits[choice % Self.partLimits.count],
            maxHeaderBytes: Self.headerLimits[choice / 16 % Self.headerLimits.count],
            maxEpilogueBytes: choice < 128 ? 65_536 : Self.epilogueLimits[choice % Self.epilogueLimits.count])
        let count = Int(rest.popFirst() ?? 0) % 16
        chunkLengths = rest.prefix(count).map { Int($0) }
        body = rest.dropFirst(count)
    }

    var parsedBoundary: Result<String, MultipartError> {
        Result { () throws(MultipartError) in try MultipartBoundary.parse(contentType: contentType) }
    }

    var expectedBoundary: Result<String, MultipartError> {
        Result { () throws(MultipartError) in try MultipartOracle.boundary(contentType: contentType) }
    }

    /// The form in chunks of these lengths, over and over, 0 for an empty one; bytewise when there are none.
    var chunks: [ByteBuffer] {
        guard chunkLengths.contains(where: { $0 > 0 }) else { return body.bytewise }
        var number = 0
        return body.split {
            defer { number += 1 }
            return chunkLengths[number % chunkLengths.count]
        }
    }
}
