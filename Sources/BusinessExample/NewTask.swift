import Foundation

/// What a client sends to open an upload.
struct ClientTaskRequest: Decodable, Equatable {
    let userId: JSONScalar
    let fileName: String
    let fileSize: JSONScalar
    let fileMd5: String

    /// Reads `body`, or says in one sentence what is wrong with which parameter.
    static func parse(_ body: Data) throws(InvalidParameter) -> ClientTaskRequest {
        do {
            return try JSONDecoder().decode(ClientTaskRequest.self, from: body)
        } catch DecodingError.keyNotFound(let key, _) {
            throw InvalidParameter(status: "parameter \(key.stringValue) is missing")
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
            guard let name = context.codingPath.first?.stringValue else {
                throw InvalidParameter(status: "the body is not a JSON object")
            }
            throw InvalidParameter(status: "parameter \(name) has the wrong type")
        } catch {
            throw InvalidParameter(status: "the body is not JSON")
        }
    }
}

/// A client's mistake, answered with retCode 6.
struct InvalidParameter: Error, Equatable {
    let status: String
}

/// What this server makes of it for the fuploadServer.
struct UploadTaskRequest: Encodable {
    struct FeedBack: Encodable {
        let orderId: String
    }

    let token: String
    let userId: JSONScalar
    let storePath: String
    let fileName: String
    let fileSize: JSONScalar
    let fileMd5: String
    let feedBackParameter: FeedBack

    init(_ request: ClientTaskRequest, configuration: BusinessConfiguration, orderId: String) {
        token = configuration.token
        userId = request.userId
        storePath = configuration.storePath
        fileName = request.fileName
        fileSize = request.fileSize
        fileMd5 = request.fileMd5
        feedBackParameter = FeedBack(orderId: orderId)
    }
}
