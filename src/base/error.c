// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *err, int code, const char *format, ...)
{
	va_list args;

	if (code == 0)
		code = EIO;
	if (err) {
		err->code = code;
		err->fix[0] = '\0';
		va_start(args, format);
		vsnprintf(err->text, sizeof(err->text), format, args);
		va_end(args);
	}
	return -code;
}

int error_errno(struct error *err, int code, const char *format, ...)
{
	va_list args;
	size_t used;

	if (code == 0)
		code = EIO;
	if (err) {
		err->code = code;
		err->fix[0] = '\0';
		va_start(args, format);
		vsnprintf(err->text, sizeof(err->text), format, args);
		va_end(args);
		used = strlen(err->text);
		snprintf(err->text + used, sizeof(err->text) - used, ": %s", strerror(code));
	}
	return -code;
}

bool error_unsupported(const struct error *err)
{
	static const int codes[] = {
		EOPNOTSUPP, ENOSYS, ENOENT, ENODEV, ENXIO, ENOTTY,        ENOTDIR,
		EPERM,      EACCES, EROFS,  EINVAL, EBUSY, EADDRNOTAVAIL,
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (err->code == codes[i])
			return true;
	return false;
}

int error_fix(struct error *err, const char *format, ...)
{
	va_list args;

	if (!err)
		return -EIO;
	va_start(args, format);
	vsnprintf(err->fix, sizeof(err->fix), format, args);
	va_end(args);
	return -err->code;
}
