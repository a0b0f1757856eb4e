import Foundation
import HTTPTypes
import Hummingbird
import Logging

/// The HTTP side of the example: what is asked where, and how it is answered.
struct BusinessRoutes: Sendable {
    private static let bodyLimit = 1 << 20

    let configuration: BusinessConfiguration
    let gateway: UploadServerGateway
    let callbacks: CallbackReceiver
    let logger: Logger

    func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.post("/api/business/new/task") { request, _ in
            try await newTask(try await Self.body(of: request))
        }
        router.post("/api/business/fupload/callback") { request, _ in
            let headers = CallbackReceiver.Headers(
                id: Self.header("webhook-id", of: request),
                timestamp: Self.header("webhook-timestamp", of: request),
                signature: Self.header("webhook-signature", of: request))
            return try await callback(try await Self.body(of: request), headers: headers)
        }
        router.get("/api/business/callbacks") { _, _ in
            Response.json(try await callbacks.log.json())
        }
        UploadPage(uploadServer: configuration.publicUploadServer ?? configuration.uploadServer).addRoutes(to: router)
        return router
    }

    private func newTask(_ body: Data) async throws -> Response {
        let request: ClientTaskRequest
        do {
            request = try ClientTaskRequest.parse(body)
        } catch {
            return try Envelope(retCode: "6", status: error.status).response()
        }
        let orderId = UUID().uuidString
        let task = UploadTaskRequest(request, configuration: configuration, orderId: orderId)
        do {
            let answer = try await gateway.newTask(task)
            logger.info("new task", metadata: ["fileName": "\(request.fileName)", "orderId": "\(orderId)"])
            return .json(answer.envelope, status: HTTPResponse.Status(code: answer.httpStatus))
        } catch {
            logger.warning("new task failed", metadata: ["status": "\(error.status)", "cause": "\(error.cause)"])
            var response = try Envelope(retCode: "11", status: error.status).response(.serviceUnavailable)
            response.headers[.retryAfter] = "1"
            return response
        }
    }

    private func callback(_ body: Data, headers: CallbackReceiver.Headers) async throws -> Response {
        let status = await callbacks.receive(body, headers: headers, now: Date())
        switch status {
        case .ok:
            return try Envelope.done.response()
        case .badRequest:
            return try Envelope(retCode: "6", status: "the body is not a JSON object").response(status)
        case .unauthorized:
            return try Envelope(retCode: "1", status: "the signature is wrong or missing").response(status)
        default:
            return try Envelope(retCode: "20", status: "failing as asked").response(status)
        }
    }

    private static func header(_ name: String, of request: Request) -> String? {
        HTTPField.Name(name).flatMap { request.headers[$0] }
    }

    private static func body(of request: Request) async throws -> Data {
        Data(try await request.body.collect(upTo: bodyLimit).readableBytesView)
    }
}
