import AsyncHTTPClient
import Foundation
import NIOCore

/// Asks the fuploadServer to open uploads.
struct UploadServerGateway: Sendable {
    /// The fuploadServer's answer, to be passed on as it is.
    struct Answer {
        let httpStatus: Int
        let envelope: Data
    }

    /// No answer came, or one that is no envelope.
    struct Unavailable: Error {
        let status: String
        let cause: String
    }

    private struct Head: Decodable {
        let retCode: String
    }

    private static let answerLimit = 1 << 20
    private let http: HTTPClient
    private let url: String

    init(http: HTTPClient, baseURL: String) {
        self.http = http
        url = (baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL) + "/api/upload/new/task"
    }

    func newTask(_ task: UploadTaskRequest) async throws(Unavailable) -> Answer {
        let answer: Answer
        do {
            var request = HTTPClientRequest(url: url)
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(task)))
            let response = try await http.execute(request, timeout: .seconds(30))
            let body = try await response.body.collect(upTo: Self.answerLimit)
            answer = Answer(httpStatus: Int(response.status.code), envelope: Data(body.readableBytesView))
        } catch {
            throw Unavailable(status: "the upload server can't be reached, try again later", cause: "\(error)")
        }
        do {
            _ = try JSONDecoder().decode(Head.self, from: answer.envelope)
        } catch {
            throw Unavailable(
                status: "the upload server gave no answer of the protocol, try again later",
                cause: "HTTP \(answer.httpStatus)")
        }
        return answer
    }
}
