import Foundation

/// The outer part of every answer; ``data(as:)`` reads the inner one.
struct Envelope: Sendable {
    let retCode: String
    let status: String
    private let body: Data

    private struct Head: Decodable {
        let retCode: WireIdentifier
        let status: String?
    }

    private struct Holder<Inner: Decodable>: Decodable {
        let data: Inner
    }

    /// Throws `DecodingError` when `body` is not JSON or carries no `retCode`.
    init(_ body: Data) throws {
        let head = try JSONDecoder().decode(Head.self, from: body)
        retCode = head.retCode.description
        status = head.status ?? ""
        self.body = body
    }

    func data<Inner: Decodable>(as type: Inner.Type) throws -> Inner {
        try JSONDecoder().decode(Holder<Inner>.self, from: body).data
    }
}
