import Hummingbird
import OpenAPI

/// What the server says of its APIs.
struct DocumentRoute: Sendable {
    func add(to router: Router<BasicRequestContext>) {
        router.get("/openapi.yaml") { _, _ in
            Response(
                status: .ok, headers: [.contentType: OpenAPIDocument.mediaType],
                body: ResponseBody(byteBuffer: ByteBuffer(string: OpenAPIDocument.yaml)))
        }
    }
}
