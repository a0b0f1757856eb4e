/// Why an input is not a form.
public enum MultipartError: Error, Sendable, Equatable {
    /// The media type is absent, or is not `multipart/form-data`.
    case notMultipart

    /// The media type has no `boundary` parameter.
    case missingBoundary

    /// The parameters of the media type cannot be read, or the boundary is not one that RFC 2046 allows.
    case invalidBoundary

    /// There is more text before the first boundary than ``MultipartLimits/maxHeaderBytes``.
    case preambleTooLarge

    /// A boundary is followed by neither `--` nor the end of its line.
    case malformedBoundaryLine

    /// A header of a part is against the grammar, or is not the kind of header that a form has.
    case malformedHeader

    /// The headers of a part, or the white space after a boundary, exceed ``MultipartLimits/maxHeaderBytes``.
    case headerTooLarge

    /// There are more parts than ``MultipartLimits/maxParts``.
    case tooManyParts

    /// A part has no field name, or an empty one.
    case missingName

    /// There is more text after the last boundary than ``MultipartLimits/maxEpilogueBytes``.
    case epilogueTooLarge

    /// The input ended before the closing boundary.
    case truncated
}

extension MultipartError: CustomStringConvertible {
    /// A sentence that is safe to show to a client: it repeats nothing of the input.
    public var description: String {
        switch self {
        case .notMultipart: "The content type is not multipart/form-data."
        case .missingBoundary: "The content type has no boundary parameter."
        case .invalidBoundary: "The boundary parameter of the content type is invalid."
        case .preambleTooLarge: "There is too much data before the first boundary."
        case .malformedBoundaryLine: "A boundary line has unexpected characters after the boundary."
        case .malformedHeader: "A part has a malformed header."
        case .headerTooLarge: "A part has too large a header."
        case .tooManyParts: "The form has too many parts."
        case .missingName: "A part has no name."
        case .epilogueTooLarge: "There is too much data after the last boundary."
        case .truncated: "The form ended before its closing boundary."
        }
    }
}
