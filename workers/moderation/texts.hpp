// The fixed replies to a person at risk: texts/help.<language>.txt, and the kind question, texts/ask.<language>.txt.
#pragma once

#include <span>

#include "platform/base/embedded.hpp"

namespace airi::workers::moderation {

extern const std::span<const embedded_file> text_files;

}  // namespace airi::workers::moderation
