#include "auth/auth.h"

bool ag_principal_may(const struct ag_principal *principal, enum ag_permission permission)
{
    if (permission == AG_PERM_PUBLIC) return true;
    if (permission == AG_PERM_UNSET || (unsigned)permission >= AG_PERM_COUNT) return false;
    /* Nobody holds nothing, whatever the mask of a half-filled principal says. */
    if (principal->credential == AG_CRED_NONE) return false;
    return (principal->permissions & ag_permission_bit(permission)) != 0;
}
