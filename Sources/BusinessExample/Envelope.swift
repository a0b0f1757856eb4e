import Foundation
import Hummingbird
import NIOCore

/// The answer both servers give: `data` is empty where this server itself answers.
struct Envelope: Encodable {
    let retCode: String
    let status: String
    private let data = ""

    init(retCode: String, status: String) {
        self.retCode = retCode
        self.status = status
    }

    static let done = Envelope(retCode: "0", status: "ok")

    private enum CodingKeys: String, CodingKey {
        case retCode, status, data
    }

    func response(_ status: HTTPResponse.Status = .ok) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return .json(try encoder.encode(self), status: status)
    }
}

extension Response {
    /// JSON that is already written.
    static func json(_ body: Data, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}
