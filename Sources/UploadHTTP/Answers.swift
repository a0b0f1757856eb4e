import Hummingbird
import OpenAPI
import UploadCore

/// What goes back, and its code.
struct Answer {
    /// The envelope's.
    let retCode: String
    var response: Response
}

/// What goes back: JSON (contract, "Envelope" and the section of each route), and one document.
enum Answers {
    /// The envelope.
    ///
    /// - Parameter data: JSON text.
    static func envelope(_ retCode: String, _ status: String, data: String = "\"\"") -> String {
        "{\"retCode\":\(jsonString(retCode)),\"status\":\(jsonString(status)),\"data\":\(data)}"
    }

    /// A task that was registered, with its URLs.
    static func registered(_ task: UploadTask, links: TaskURLs.Links) -> Answer {
        let data =
            "{\"taskId\":\(task.id),\"uploadUrl\":\(jsonString(links.upload))"
            + ",\"blocksUrl\":\(jsonString(links.blocks)),\"stateUrl\":\(jsonString(links.state))}"
        return answer("0", "ok", data: data)
    }

    /// A block that is stored: 0, or 1 when the server asks for what is missing.
    static func stored(_ receipt: BlockReceipt) -> Answer {
        guard receipt.asksForMissing, let first = receipt.missing.first else {
            return answer("0", "ok", data: "{\(ends(receipt.range))}")
        }
        let data = "{\(ends(first)),\"expectBlocks\":\(list(receipt.missing))}"
        return answer("1", "stored, but the file has missing ranges: see expectBlocks", data: data)
    }

    /// Where a task stands: the four fields bare, as the seed document shows them, and inside `data`, as its
    /// implementation sends them.
    static func progress(_ progress: TaskProgress) -> Answer {
        let fields =
            "\"totalSize\":\(progress.task.registration.fileSize),\"status\":\(jsonString(progress.task.state.wireName))"
            + ",\"expectBlocks\":\(list(progress.missing)),\"receivedSize\":\(progress.receivedBytes)"
        return Answer(retCode: "0", response: json("{\"retCode\":\"0\",\(fields),\"data\":{\(fields)}}"))
    }

    /// A change of state that was carried out.
    static func stateChanged() -> Answer {
        answer("0", "ok")
    }

    /// Whether the server can do its work, and why not: 503 takes it out of a load balancer.
    static func readiness(_ reasons: [String]) -> Answer {
        guard !reasons.isEmpty else { return answer("0", "ready") }
        let list = "[" + reasons.map { jsonString($0) }.joined(separator: ",") + "]"
        return answer(
            UploadError.Code.busy.rawValue, "not ready", data: "{\"reasons\":\(list)}",
            httpStatus: UploadError.Code.busy.httpStatus, headers: [.retryAfter: "1"])
    }

    /// What the server says of its APIs. It belongs to none of them, and is in no envelope.
    static func document() -> Answer {
        Answer(
            retCode: "0",
            response: Response(
                status: .ok, headers: [.contentType: OpenAPIDocument.mediaType],
                body: ResponseBody(byteBuffer: ByteBuffer(string: OpenAPIDocument.yaml))))
    }

    /// An envelope.
    ///
    /// - Parameter data: JSON text.
    static func answer(
        _ retCode: String, _ status: String, data: String = "\"\"", httpStatus: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:]
    ) -> Answer {
        Answer(
            retCode: retCode,
            response: json(envelope(retCode, status, data: data), status: httpStatus, headers: headers))
    }

    /// A body of JSON text.
    static func json(
        _ text: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        headers[.contentType] = "application/json; charset=utf-8"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    private static func ends(_ range: ByteRange) -> String {
        "\"startByte\":\(range.first),\"endByte\":\(range.last)"
    }

    private static func list(_ ranges: [ByteRange]) -> String {
        "[" + ranges.map { "{\(ends($0))}" }.joined(separator: ",") + "]"
    }
}
