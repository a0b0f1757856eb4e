/// What the server says of its own APIs, in OpenAPI 3.1; served at `/openapi.yaml` on both ports. `scripts/check-openapi`
/// holds the two against each other.
public enum OpenAPIDocument {
    /// Its media type (RFC 9512, section 2.1).
    public static let mediaType = "application/yaml"

    /// Its text.
    public static let yaml = String(decoding: PackageResources.openapi_yaml, as: UTF8.self)
}
