import Hummingbird
import Logging
import UploadCore

/// Turns every error into the envelope, and logs what the caller is not told. The one place that does.
struct ErrorMiddleware: RouterMiddleware {
    let logger: Logger

    func handle(
        _ request: Request, context: UploadRequestContext,
        next: (Request, UploadRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            var response = context.send(render(error, for: request, client: context.client))
            // Whoever is at the other end, if anybody is, would hold the connection until it goes idle.
            if (error as? UploadError)?.endsConnection == true { response.headers[.connection] = "close" }
            // RFC 9110, sections 8.6 and 9.3.2; the framework sends what it is given.
            return request.method == .head ? response.createHeadResponse() : response
        }
    }

    /// Only what is a number: a URL that was cut wrongly may have the key there.
    private func taskID(in request: Request) -> String? {
        request.uri.queryParameters["taskId"].flatMap { TaskID($0) }.map { "\($0)" }
    }

    private func render(_ error: any Error, for request: Request, client: Client) -> Answer {
        switch error {
        case let error as HTTPError where error.status == .notFound:
            return unrouted(request)
        case let refusal as Refusal:
            logger.info("refused: \(refusal.sentence)", metadata: ["path": "\(request.uri.path)"])
            return Answer(retCode: refusal.code.rawValue, response: refusal.response)
        case let error as UploadError where error.code != .internalError:
            // Path and task, not the query: that carries the key.
            logger.log(
                level: error.code == .storage ? .warning : .info, "refused: \(error.message)",
                metadata: [
                    "path": "\(request.uri.path)", "taskId": "\(taskID(in: request) ?? "-")",
                    "retCode": "\(error.code.rawValue)", "client": "\(client)",
                ].merging(error.cause.map { ["cause": "\($0)"] } ?? [:]) { $1 })
            return Answers.answer(
                error.code.rawValue, error.message, httpStatus: error.code.httpStatus,
                headers: error.code == .busy ? [.retryAfter: String(error.retryAfter)] : [:])
        default:
            let id = String(UInt64.random(in: 0 ... .max), radix: 36)
            logger.error(
                "internal error",
                metadata: [
                    "id": "\(id)", "path": "\(request.uri.path)", "client": "\(client)", "error": "\(error)",
                ])
            let code = UploadError.Code.internalError
            return Answers.answer(
                code.rawValue, "internal error, logged with id \(id)", httpStatus: code.httpStatus)
        }
    }

    private func unrouted(_ request: Request) -> Answer {
        let code = UploadError.Code.invalidParameter.rawValue
        if let route = Route(path: request.uri.path) {
            let method = route.method.rawValue
            return Answers.answer(
                code, "method \(request.method) is not allowed here, use \(method)",
                httpStatus: .methodNotAllowed, headers: [.allow: method])
        }
        return Answers.answer(code, "there is no such route", httpStatus: .notFound)
    }
}

extension UploadError.Code {
    /// Outcomes of the protocol itself travel with 200, as existing clients expect (contract, "Envelope").
    var httpStatus: HTTPResponse.Status {
        switch self {
        case .storage: .init(code: 507, reasonPhrase: "Insufficient Storage")
        case .tooLarge: .contentTooLarge
        case .busy: .serviceUnavailable
        case .internalError: .internalServerError
        case .unauthorised, .noSuchTask, .paused, .alreadyInState, .invalidParameter, .checksumMismatch, .rangeWrong,
            .closed:
            .ok
        }
    }
}
